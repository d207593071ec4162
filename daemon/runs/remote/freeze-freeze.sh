# Freezes: arms the watchdog, runs `before`, and says since when it has been frozen. Whatever goes
# wrong, nothing is frozen when this ends with another status than 0.
# From the rendering: timeout and limit (of `before`) in seconds, the function unpack (which lays the
# thaw script and the commands into $dir), and freeze-common.sh.

refuse() {
        printf 'amid-freeze: state=refused reason=%s\n' "$*"
        exit 1
}

for tool in base64 cat date find flock ls mkdir mv rm rmdir setsid sleep tail timeout wc; do
        command -v $tool >/dev/null || refuse "missing-tool tool=$tool"
done
[ -n "$home" ] || refuse no-memory
case $(make_home) in
private) ;;
absent) refuse no-memory ;;
*) refuse "unsafe-directory directory=$home" ;;
esac
mkdir -p "$dir" || refuse no-memory

# Ends this script: nothing is frozen.
fail() {
        trap '' HUP INT TERM
        fact reason >/dev/null || put reason "$1"
        unlock
        sh "$dir/thaw.sh" freeze </dev/null >/dev/null 2>&1 8>&-
        report freeze
        complain
        exit 1
}

# The commands of another freeze would be undone by ours, or ours by theirs. One whose `after` has been
# failing for an hour is not waited for: what it may have left frozen cannot be frozen again.
refuse_beside_others() {
        for other in "$home"/*/fact/state=?*; do
                case $other in
                "$home/*/fact/state=?*" | */state=thawed) continue ;;
                */state=stuck) [ -z "$(find "${other%/*}" -prune -mmin +60)" ] || continue ;;
                esac
                other=${other%/fact/state=*}
                refuse "busy other=${other##*/}"
        done
}

forget_old() {
        find "$home" -mindepth 1 -maxdepth 1 -type d -mtime +1 2>/dev/null |
                while read -r old; do
                        [ ! -e "$old/fact/state=thawed" ] || rm -rf "$old"
                done
}

# AccuracySec: systemd's own is a minute. Output to nowhere: the journal may lie on what is frozen.
# shellcheck disable=SC2016  # expanded by the service
arm_systemd() {
        [ -d /run/systemd/system ] && command -v systemd-run >/dev/null || return 1
        systemd-run --unit="amid-thaw-$token" --description="Thaw what amid has frozen" \
                --on-active="${timeout}s" --timer-property=AccuracySec=100ms \
                /bin/sh -c 'exec /bin/sh "$0" watchdog >/dev/null 2>&1' "$dir/thaw.sh" || return 1
        systemctl is-active --quiet "amid-thaw-$token.timer"
}

# shellcheck disable=SC2016  # expanded by the sleeper
arm_process() {
        setsid sh -c 'mv "$2/fact/sleeper=" "$2/fact/sleeper=$$" && sleep "$1" && exec sh "$2/thaw.sh" watchdog' \
                amid-thaw "$timeout" "$dir" &
        sleeper=$!
        until fact sleeper >/dev/null; do
                kill -0 $sleeper || return 1
        done
        kill -0 "$(fact sleeper)"
}

arm() {
        for kind in systemd process; do
                put thaws-at "$(now)"
                put watchdog $kind
                arm_$kind </dev/null >>"$dir/log" 2>&1 8>&- 9>&- || continue
                put thaws-at "$(($(fact thaws-at) / 1000000000 + timeout))000000000"
                return 0
        done
        return 1
}

# `before`, in a group of its own. Its number, and the start of its leader, are known before anything
# is done: "before=GROUP:START".
# shellcheck disable=SC2016  # expanded by the shell of `before`
run_before() {
        (
                for_commands
                exec setsid timeout -k 5 "$limit" sh -c '
                        cd "$1" && exec 9>>../lock && flock 9 && [ -e fact/state=freezing ] || exit 125
                        read -r stat </proc/$$/stat
                        set -- ${stat##*) }
                        group=$3
                        read -r stat </proc/$group/stat
                        set -- ${stat##*) }
                        mv fact/before= "fact/before=$group:${20}" || exit 125
                        exec 9>&-
                        n=1
                        while [ -e before.$n ]; do
                                sh -e before.$n || exit 1
                                n=$((n + 1))
                        done
                        [ $n -gt 1 ]' before.sh "$dir"
        ) </dev/null >>"$dir/log" 2>&1 8>&- 9>&- &
        before=$!
}

# An agent that must write to a frozen disk can neither report nor be told to thaw. A write that is
# stuck cannot be ended, so it is left behind. A directory is made, not a file: mkdir follows no link
# and opens nothing, whoever else may write there.
agent_writes() {
        (
                for place in /var/lib /var/log /var/lib/amazon/ssm /var/log/amazon/ssm; do
                        [ -d $place ] || continue
                        mkdir "$place/.amid-$token" && rmdir "$place/.amid-$token"
                done
                put agent-writes yes
        ) </dev/null >/dev/null 2>&1 8>&- &
        naps=0
        until fact agent-writes >/dev/null; do
                [ $((naps += 1)) -le 30 ] || return 1
                nap
        done
}

# The same command sent twice: one after the other.
{ command exec 8>>"$dir/turn" && flock 8; } || refuse no-memory
{ lock && make_facts; } || refuse no-memory
case $(fact state) in
'') ;;
frozen)
        report freeze
        exit 0
        ;;
thawed)
        report freeze
        exit 1
        ;;
*) fail interrupted ;; # the first one was killed
esac
refuse_beside_others
forget_old
{ unpack && true >>"$dir/log"; } || refuse no-memory
put boot-id "$(cat /proc/sys/kernel/random/boot_id)"
put state freezing || refuse no-memory
arm || fail no-watchdog
trap 'fail terminated' HUP INT TERM
run_before
unlock

status=0
wait $before || status=$?
case $status in
0) ;;
124 | 137 | 143) fail before-timed-out ;; # of coreutils, killed, of busybox
*) fail before-failed ;;
esac
agent_writes || fail agent-frozen
lock
[ "$(fact state)" = freezing ] || fail thawed-meanwhile
put frozen-at "$(now)"
put state frozen || fail no-memory
report freeze
unlock
