# Shared by the scripts that freeze and thaw an instance, behind script-head.sh. POSIX sh, old and
# small systems included. Set in front of both by the rendering: token.
#
# What is known about a freeze lies in $dir, in memory: from the freeze to the thaw nothing here may
# wait for a file system that is frozen. $dir/fact holds one empty file for each fact, whose name is
# NAME=VALUE: a rename changes a fact without taking memory, so it works where the tmpfs is full.
# The fact "state" is one of
#   freezing  the watchdog is armed, `before` is running
#   frozen    `before` has ended well
#   thawing   `after` is running, or was killed while it did
#   stuck     `after` has failed; the next thaw tries again
#   thawed    nothing is frozen any more, and never will be again under this token
# It changes under the lock of all freezes of this instance (descriptor 9), which is not inherited
# by commands: what they leave running would keep it.
#
# /dev/shm is open to all users. So $home is made by mkdir, which takes nothing that is there before,
# and it is used only while it is a directory of root's that nobody else may enter.

in_memory() {
        found=1
        while read -r _ place kind _; do
                [ "$place" = "$1" ] || continue
                [ "$kind" = tmpfs ]
                found=$?
        done </proc/mounts
        return $found
}

# Type and mode as ls prints them, and the number of the owner: "drwx------ 0". A link is not followed.
inspect() {
        # shellcheck disable=SC2012  # of one path, which holds no blank
        ls -ldn "$1" 2>/dev/null | {
                read -r mode _ owner _ && printf '%s %s\n' "$mode" "$owner"
        }
}

# Root's, and nobody else may replace what root has in it.
is_roots() {
        case $(inspect "$1") in
        d????-??-?*' 0' | d????????[tT]*' 0') return 0 ;;
        esac
        return 1
}

home=
for memory in /run /dev/shm; do
        if in_memory $memory && is_roots $memory; then
                home=$memory/amid-freeze
                break
        fi
done
dir=$home/$token

# Makes $home, unless it is there, and says how it is: private, open (root's, but others may enter),
# foreign (somebody else made it, so no freeze ever used it), or absent (it cannot be made).
make_home() {
        mkdir "$home" 2>/dev/null
        case $(inspect "$home") in
        drwx------*' 0') echo private ;;
        d*' 0') echo open ;;
        '') echo absent ;;
        *) echo foreign ;;
        esac
}

# Under the lock.
make_facts() {
        mkdir -p "$dir/fact" || return 1
        for name in state reason watchdog sleeper before agent-writes boot-id frozen-at thaws-at \
                thawing-at thawed-at thawed-by; do
                fact $name >/dev/null || true >"$dir/fact/$name=" || return 1
        done
}

# Fails where it is not known.
fact() {
        for file in "$dir/fact/$1="*; do
                [ -e "$file" ] && file=${file#"$dir/fact/$1="} && [ -n "$file" ] || return 1
                printf '%s\n' "$file"
                return 0
        done
}

put() {
        for file in "$dir/fact/$1="*; do
                [ "$file" = "$dir/fact/$1=$2" ] || mv "$file" "$dir/fact/$1=$2"
                return
        done
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

# "command": a redirection of exec that fails would end the whole shell.
lock() {
        command exec 9>>"$home/lock" && flock 9
}

unlock() {
        exec 9>&-
}

# What the commands of the settings get: also programs of the administrator, and memory for what
# is temporary.
for_commands() {
        PATH=$PATH:/usr/local/sbin:/usr/local/bin TMPDIR=$dir
        export PATH TMPDIR
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
