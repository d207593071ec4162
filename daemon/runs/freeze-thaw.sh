# Thaws: runs `after`, once. Called with "watchdog" by the watchdog, with "freeze" when `before` has
# failed, and with nothing by amid's second command; by all of these at once, and again, if need be.
by=${1:-amid}

if [ -z "$home" ]; then # then nothing was frozen either
        echo 'amid-thaw: state=thawed reason=no-memory'
        exit 0
fi

# Is there a process of `before` left? A dead one that nobody has waited for does not count.
before_runs() {
        for stat in /proc/[0-9]*/stat; do
                read -r line 2>/dev/null <"$stat" || continue
                # shellcheck disable=SC2086  # state, parent, group
                set -- ${line##*) }
                [ "$3" != "$group" ] || [ "$1" = Z ] || return 0
        done
        return 1
}

# kill -KILL -GROUP, without "--", is what every sh takes.
end_before() {
        kill -KILL "-$group" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do
                before_runs || return 0
                nap
        done
}

# Every command of `after` is run: the second may thaw what the first has nothing to do with.
run_after() {
        failed=0
        n=1
        while [ -e "$dir/after.$n" ]; do
                (cd "$dir" && exec sh -e "after.$n") </dev/null >>"$dir/log" 2>&1 9>&- || failed=1
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
                sleeper=$(cat "$dir/sleeper" 2>/dev/null) &&
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
                mkdir -p "$dir/fact"
                put reason never-frozen
                put state thawed
                return 0
                ;;
        esac
        put state thawing
        [ -e "$dir/fact/thawing-at" ] || put thawing-at "$(now)"
        put thawed-by "$by"
        group=
        [ "$previous" = frozen ] || group=$(cat "$dir/before-group" 2>/dev/null)
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

mkdir -p "$home"
tries=1
[ "$by" != watchdog ] || tries=100 # nobody else may be there to do it
while :; do
        lock || exit 1
        thaw && break
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
