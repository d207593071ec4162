#!/bin/bash
# The test of the test: breaks one guarantee of the daemon after the other (daemon/base/mutants.def).
# The simulation has to notice each mutant within a minute of CPU time, and to find nothing at the
# same seed without the mutant. Called by make with the program, how many mutants to run side by side,
# and the name of a mutant to try only that one.
set -u
seconds=60

# One mutant: prints what noticed it.
if [ "$1" = --one ]; then
        sim=$2 folder=$3 name=${4%%|*} options=${4#*|}
        options=${options%%|*}
        # shellcheck disable=SC2086  # options are words
        (ulimit -c 0 -t $seconds && exec "$sim" --mutant "$name" $options) >"$folder/$name" 2>&1
        result=$?
        if [ $result = 1 ] && why=$(grep -a -m 1 VIOLATED "$folder/$name"); then
                seed=${why#seed } seed=${seed%%:*}
                echo "$options --seed $seed --seeds 1" >"$folder/$name.seed"
                printf '  %-28s %3d s  %s\n' "$name" $SECONDS "${why:0:110}"
        elif grep -q Assertion "$folder/$name"; then
                printf '  %-28s %3d s  an assertion\n' "$name" $SECONDS
        else
                printf '  %-28s NOT NOTICED in %d s: %s\n' "$name" $seconds "${4##*|}"
                exit 1
        fi
        exit 0
fi

# A seed that shows a mutant, without the mutant: reports a violation, which the mutant did not cause.
if [ "$1" = --unbroken ]; then
        # shellcheck disable=SC2086  # options are words
        why=$("$2" $3 2>&1) && exit 0
        printf '  SHOWS NOTHING, for unbroken it is violated as well: %s: %s\n' "$3" "$(grep -a -m 1 VIOLATED <<<"$why")"
        exit 1
fi

sim=$1 jobs=${2:-1} only=${3:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! list=$("$sim" --mutants | grep "^${only:-[^|]*}|"); then
        echo "no mutant is called $only"
        exit 1
fi
# xargs ends with 123 when a mutant was not noticed.
result=0
tr '\n' '\0' <<<"$list" | xargs -0 -r -P "$jobs" -n 1 "$0" --one "$sim" "$folder" || result=$?
# A seed that several mutants share is run without them once.
sort -u "$folder"/*.seed | tr '\n' '\0' | xargs -0 -r -P "$jobs" -n 1 "$0" --unbroken "$sim" || result=$?
exit "$result"
