# Shared by the scripts that freeze and thaw an instance. POSIX sh, old and small systems included.
# Set in front of this by the rendering: token.
#
# What is known about a freeze lies in $dir, in memory: from the freeze to the thaw nothing here may
# wait for a file system that is frozen. $dir/fact/NAME holds one word each; "state" is one of
#   freezing  the watchdog is armed, `before` is running
#   frozen    `before` has ended well
#   thawing   `after` is running, or was killed while it did
#   stuck     `after` has failed; the next thaw tries again
#   thawed    nothing is frozen any more, and never will be again under this token
# It changes under the lock of all freezes of this instance (descriptor 9), which is not inherited
# by commands: what they leave running would keep it.
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
HOME=${HOME:-/root}
LC_ALL=C
export PATH HOME LC_ALL

in_memory() {
        found=1
        while read -r _ place kind _; do
                [ "$place" = "$1" ] || continue
                [ "$kind" = tmpfs ]
                found=$?
        done </proc/mounts
        return $found
}

for home in /run /dev/shm; do
        ! in_memory "$home" || break
        home=
done
home=${home:+$home/amid-freeze}
dir=$home/$token

fact() {
        cat "$dir/fact/$1" 2>/dev/null
}

put() {
        printf '%s\n' "$2" >"$dir/fact/.$1" && mv "$dir/fact/.$1" "$dir/fact/$1"
}

# Nanoseconds since 1970; where date has none, whole seconds.
now() {
        time=$(date +%s%N)
        case $time in
        *[!0-9]*) time= ;;
        esac
        [ ${#time} -ge 19 ] || time=$(date +%s)000000000
        printf '%s\n' "$time"
}

# A tenth of a second; where sleep knows only whole ones, one.
nap() {
        sleep 0.1 2>/dev/null 9>&- || sleep 1 9>&-
}

lock() {
        exec 9>>"$home/lock" && flock 9
}

unlock() {
        exec 9>&-
}

# The one line that amid reads: "amid-freeze: state=frozen frozen-at=... ...".
report() {
        line="amid-$1: state=$(fact state)"
        for name in reason watchdog boot-id frozen-at thaws-at thawing-at thawed-at thawed-by; do
                value=$(fact $name) && line="$line $name=$value"
        done
        printf '%s\n' "$line"
}

# What the commands said, last part first cut, where it does not hide the line of report().
complain() {
        tail -c 4000 "$dir/log" >&2 2>/dev/null
}
