#!/bin/sh
# run.sh SECONDS PROGRAM: one fuzz target. It starts from the seeds beside it and from what earlier
# runs found (build/fuzz/corpus); an input that breaks it is left in build/fuzz/found.
set -eu
name=$(basename "$2")
name=${name#fuzz-}
seeds=tests/fuzz/seeds/$name
corpus=build/fuzz/corpus/$name
mkdir -p "$corpus" build/fuzz/found
[ -d "$seeds" ] || { echo "$seeds is missing: a fuzz target comes with seeds" >&2; exit 255; }
log=build/fuzz/$name.log
if "$2" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$name-" "$corpus" "$seeds" >"$log" 2>&1; then
        printf '  FUZZ %-12s %s inputs, corpus %s\n' "$name" \
                "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(ls "$corpus" | wc -l)"
else
        printf '  FAIL fuzz %s (%s)\n' "$name" "$log"
        tail -n 60 "$log"
        exit 255 # xargs stops here
fi
