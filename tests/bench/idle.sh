#!/bin/sh
# What a process costs while nothing happens: idle.sh PID SECONDS
#
# Prints, over SECONDS of all threads of PID: wake-ups (voluntary context switches of
# /proc/PID/task/*/status, at most one per time a thread slept), involuntary switches, and CPU time
# (utime and stime of /proc/PID/stat). The process is not touched. Exit 1 when it is gone, 2 for
# bad arguments.
set -eu

usage() {
        echo "usage: $0 PID SECONDS" >&2
        exit 2
}

[ $# -eq 2 ] || usage
case $1$2 in *[!0-9]*) usage ;; esac
[ -n "$1" ] && [ -n "$2" ] && [ "$2" -gt 0 ] || usage

pid=$1
seconds=$2

# voluntary involuntary ticks-of-CPU
sample() {
        [ -r "/proc/$pid/stat" ] || return 1
        # a thread may end between the glob and the reading of it
        switches=$(cat "/proc/$pid"/task/*/status 2>/dev/null | awk '
                $1 == "voluntary_ctxt_switches:" { voluntary += $2 }
                $1 == "nonvoluntary_ctxt_switches:" { involuntary += $2 }
                END { print voluntary + 0, involuntary + 0 }')
        # the name in parentheses may hold blanks; utime and stime are fields 12 and 13 behind it
        ticks=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 }')
        [ -n "$ticks" ] || return 1
        echo "$switches $ticks"
}

gone() {
        echo "$0: process $pid is not running" >&2
        exit 1
}

before=$(sample) || gone
sleep "$seconds"
after=$(sample) || gone

echo "$before $after" | awk -v seconds="$seconds" -v hz="$(getconf CLK_TCK)" '{
        printf "seconds=%d wakeups=%d wakeups_per_minute=%.1f involuntary=%d cpu_ms=%d cpu_percent=%.4f\n",
               seconds, $4 - $1, ($4 - $1) * 60 / seconds, $5 - $2, ($6 - $3) * 1000 / hz,
               ($6 - $3) * 100 / hz / seconds
}'
