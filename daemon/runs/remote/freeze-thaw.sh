# Thaws: runs `after`, once. Called with "watchdog" by the watchdog, with "freeze" when `before` has
# failed, and with nothing by amid's second command; by all of these at once, and again, if need be.
by=${1:-amid}

if [ -z "$home" ]; then # then nothing was frozen either
        echo 'amid-thaw: state=thawed reason=no-memory'
        exit 0
fi

case $(make_home) in
private) ;;
open)
        echo "amid-thaw: state=stuck reason=unsafe-directory directory=$home"
        exit 1
        ;;
foreign | absent) # no freeze ever used it
        echo 'amid-thaw: state=thawed reason=never-frozen'
        exit 0
        ;;
esac

# state, parent and group of a process, and what else stands behind its name in /proc/PID/stat. The
# name, which its user chooses, may hold line breaks and parentheses.
stat_of() {
        stat=
        while read -r part; do
                stat=$stat$part
        done <"/proc/$1/stat"
        stat=${stat##*) }
}

# Is there a process of `before` left? A dead one that nobody has waited for does not count. Once all
# of a group are gone its number may become that of somebody else, whose start is another.
# shellcheck disable=SC2086
before_runs() {
        stat_of "$group"
        set -- $stat
        [ $# -eq 0 ] || [ "${20}" = "$started" ] || return 1
        for process in /proc/[0-9]*; do
                stat_of "${process#/proc/}"
                set -- $stat
                [ "${3-}" != "$group" ] || [ "$1" = Z ] || return 0
        done
        return 1
} 2>/dev/null

# kill -KILL -GROUP, without "--", is what every sh takes.
end_before() {
        before_runs || return 0
        kill -KILL "-$group" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do
                before_runs || return 0
                nap
        done
}

run_command() {
        (for_commands && cd "$dir" && exec sh -e "$1") </dev/null 2>&1 9>&-
}

# Every command of `after` is run: the second may thaw what the first has nothing to do with. One
# that fails is run again without the log, since it may have failed for want of memory for it.
run_after() {
        failed=0
        n=1
        while [ -e "$dir/after.$n" ]; do
                run_command "after.$n" >>"$dir/log" || run_command "after.$n" >/dev/null || failed=1
                n=$((n + 1))
        done
}

disarm() {
        case $(fact watchdog) in
        systemd)
                # Its service, if that has begun, waits for our lock, and then sees that it is late.
                systemctl stop "amid-thaw-$token.timer" </dev/null >/dev/null 2>&1 9>&-
                ;;
        process)
                sleeper=$(fact sleeper) &&
                        grep -q "$token" "/proc/$sleeper/cmdline" 2>/dev/null &&
                        kill -TERM "-$sleeper" 2>/dev/null
                ;;
        esac
}

thaw() {
        previous=$(fact state)
        case $previous in
        thawed) return 0 ;;
        '')
                # Never frozen. A freeze that arrives later must not be left alone.
                make_facts && put reason never-frozen && put state thawed
                return
                ;;
        esac
        put state thawing
        fact thawing-at >/dev/null || put thawing-at "$(now)"
        put thawed-by "$by"
        group=
        [ "$previous" = frozen ] || group=$(fact before)
        started=${group#*:}
        group=${group%:*}
        [ -z "$group" ] || end_before
        run_after
        # A process in the middle of freezing cannot be killed. It ends when it has frozen, and what
        # was thawed before that was too early.
        if [ -n "$group" ] && before_runs; then
                while before_runs; do
                        nap
                done
                run_after
        fi
        if [ "$failed" = 1 ]; then
                put state stuck
                return 1
        fi
        put thawed-at "$(now)"
        put state thawed
        [ "$by" = watchdog ] || disarm
        return 0
}

tries=1
[ "$by" != watchdog ] || tries=100 # nobody else may be there to do it
while :; do
        # the last try of the watchdog does without the lock: better thawed twice than never
        { lock || [ "$by$tries" = watchdog1 ]; } && thaw && break
        tries=$((tries - 1))
        [ $tries -gt 0 ] || break
        unlock
        sleep 5
done
unlock
[ "$by" = amid ] || exit 0
report thaw
[ "$(fact state)" = thawed ] || {
        complain
        exit 1
}
