#!/bin/bash
# The simulation's part of a check: seeds that once found something, new seeds, the crash sweep, the
# same seed twice, memory over a century. It takes about eight minutes on two CPUs.
set -eu
sim=$1
folder=$(mktemp -d)
sweep=
trap '[ -z "$sweep" ] || kill "$sweep" 2>/dev/null; rm -rf "$folder"' EXIT

# The crash sweep is half of the work, so it runs beside the rest.
"$sim" --crash-sweep "${SIM_CRASH_SWEEP:-1}" >"$folder/sweep" 2>&1 &
sweep=$!

echo "seeds that found something once:"
while read -r seed years _; do
        case $seed in '' | '#'*) continue ;; esac
        case $years in all) length= ;; *) length="--years $years" ;; esac
        # shellcheck disable=SC2086  # nothing, or two words
        "$sim" --seed "$seed" $length >"$folder/seed" || { cat "$folder/seed"; exit 1; }
done <tests/sim/seeds.txt
echo "  all well"

echo "the same seed twice:"
"$sim" --seed 3 --years 0.5 --trace >"$folder/once"
"$sim" --seed 3 --years 0.5 --trace >"$folder/twice"
# The summary says how long it took.
cmp <(grep -v '^seed ' "$folder/once") <(grep -v '^seed ' "$folder/twice")
echo "  $(wc -l <"$folder/once") lines are the same"

"$sim" --seed 3 --years 0.5 >"$folder/alone"
"$sim" --seed 2 --seeds 2 --years 0.5 >"$folder/second"
cmp <(grep -o 'history [0-9a-f]*' "$folder/alone") <(grep '^seed 3' "$folder/second" | grep -o 'history [0-9a-f]*')
echo "  and after another one"

echo "new seeds:"
"$sim" --seed "${SIM_SEED:-1000}" --seeds "${SIM_SEEDS:-24}" >"$folder/seeds" ||
        { cat "$folder/seeds"; exit 1; }
grep '^total' "$folder/seeds"
"$sim" --seed 6 --seeds 3 --years 20 --quiet | tail -1

echo "memory:"
"$sim" --memory --seed 6 --years 100

echo "crashes at every step:"
result=0
wait "$sweep" || result=1
sweep=
cat "$folder/sweep"
exit $result
