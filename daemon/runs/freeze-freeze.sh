# Freezes: arms the watchdog, runs `before`, and says since when it has been frozen. Whatever goes
# wrong, nothing is frozen when this ends with another status than 0.
# From the rendering: timeout and limit (of `before`) in seconds, the function unpack (which lays the
# thaw script and the commands into $dir), and freeze-common.sh.

refuse() {
        printf 'amid-freeze: state=refused reason=%s\n' "$*"
        exit 1
}

for tool in base64 cat date flock mkdir mv setsid sleep tail timeout; do
        command -v $tool >/dev/null || refuse "missing-tool tool=$tool"
done
[ -n "$home" ] || refuse no-memory
mkdir -p "$dir" || refuse no-memory

# Ends this script: nothing is frozen.
fail() {
        trap '' HUP INT TERM
        [ -e "$dir/fact/reason" ] || put reason "$1"
        unlock
        sh "$dir/thaw.sh" freeze </dev/null >/dev/null 2>&1 8>&-
        report freeze
        complain
        exit 1
}

# The commands of another freeze would be undone by ours, or ours by theirs. One whose `after` has been
# failing for an hour is not waited for: what it may have left frozen cannot be frozen again.
refuse_beside_others() {
        for other in "$home"/*/fact/state; do
                [ -e "$other" ] || continue
                case $(cat "$other") in
                thawed) continue ;;
                stuck) [ -z "$(find "$other" -mmin +60)" ] || continue ;;
                esac
                other=${other%/fact/state}
                refuse "busy other=${other##*/}"
        done
}

forget_old() {
        find "$home" -mindepth 1 -maxdepth 1 -type d -mtime +1 2>/dev/null |
                while read -r old; do
                        [ "$(cat "$old/fact/state" 2>/dev/null)" != thawed ] || rm -rf "$old"
                done
}

# AccuracySec: systemd's own is a minute. Output to nowhere: the journal may lie on what is frozen.
# shellcheck disable=SC2016  # expanded by the service
arm_systemd() {
        [ -d /run/systemd/system ] && command -v systemd-run >/dev/null || return 1
        systemd-run --unit="amid-thaw-$token" --description="Thaw what amid has frozen" \
                --on-active="${timeout}s" --timer-property=AccuracySec=100ms \
                /bin/sh -c 'exec sh "$0" watchdog >/dev/null 2>&1' "$dir/thaw.sh" || return 1
        systemctl is-active --quiet "amid-thaw-$token.timer"
}

# shellcheck disable=SC2016  # expanded by the sleeper
arm_process() {
        setsid sh -c 'echo $$ >"$2/sleeper"; sleep "$1"; exec sh "$2/thaw.sh" watchdog' \
                amid-thaw "$timeout" "$dir" &
        sleeper=$!
        until [ -s "$dir/sleeper" ]; do
                kill -0 $sleeper || return 1
        done
        kill -0 "$(cat "$dir/sleeper")"
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

# `before`, in a group of its own, whose number is known before anything is done.
run_before() {
        cat >"$dir/before.sh" <<'END'
cd "$1" || exit 125
exec 9>>../lock && flock 9 || exit 125
[ "$(cat fact/state)" = freezing ] || exit 125
read -r stat </proc/$$/stat
set -- ${stat##*) }
echo "$3" >before-group || exit 125
exec 9>&-
n=1
while [ -e before.$n ]; do
        sh -e before.$n || exit 1
        n=$((n + 1))
done
END
        setsid timeout -k 5 "$limit" sh "$dir/before.sh" "$dir" </dev/null >>"$dir/log" 2>&1 8>&- 9>&- &
        before=$!
}

# An agent that must write to a frozen disk can neither report nor be told to thaw. A write that is
# stuck cannot be ended, so it is left behind.
agent_writes() {
        (
                for place in /var/lib /var/log /var/lib/amazon/ssm /var/log/amazon/ssm; do
                        [ -d $place ] || continue
                        true >"$place/.amid-$token" && rm -f "$place/.amid-$token"
                done
                : >"$dir/agent-writes"
        ) </dev/null >/dev/null 2>&1 8>&- &
        naps=0
        until [ -e "$dir/agent-writes" ]; do
                [ $((naps += 1)) -le 30 ] || return 1
                nap
        done
}

exec 8>>"$dir/turn" # the same command sent twice: one after the other
flock 8 || refuse no-memory
lock || refuse no-memory
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
{ mkdir -p "$dir/fact" && unpack; } || refuse no-memory
put boot-id "$(cat /proc/sys/kernel/random/boot_id)"
put state freezing
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
put state frozen
unlock
report freeze
