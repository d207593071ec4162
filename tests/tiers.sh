#!/bin/bash
# Runs every tier and prints a table. A tier that cannot run here is skipped and said so; where CI
# or AMID_CI is set a skipped tier is a failure. Called by `make check`.
set -u
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make}
jobs=${JOBS:-$(nproc)}
export FUZZ_SECONDS=${FUZZ_SECONDS:-10}
strict=${AMID_CI:-${CI:-}}
table=()
failed=0

# name | make goals | what must be there to run it (a shell test; its text is printed when not)
tiers() {
        cat <<'ROWS'
build|all|true
format|check-format|command -v clang-format
unit|VARIANT=san check-unit|true
zones|VARIANT=san check-zones|true
sim|check-sim|true
cloud|VARIANT=san check-cloud|true
system|check-system|test $(id -u) = 0 && command -v systemd-nspawn
fuzz|fuzz|command -v clang
analyze|analyze|command -v clang-tidy && command -v cppcheck && command -v shellcheck
ROWS
}

row() {
        table+=("$(printf '  %-10s %-8s %6s s' "$1" "$2" "$3")")
}

while IFS='|' read -r name goals needs; do
        printf '\n== %s\n' "$name"
        if ! bash -c "$needs" >/dev/null 2>&1 </dev/null; then
                printf 'skipped: needs %s\n' "$needs"
                row "$name" SKIPPED 0
                [ -z "$strict" ] || failed=1
                continue
        fi
        start=$SECONDS
        # shellcheck disable=SC2086  # goals are words
        if $make --no-print-directory -j"$jobs" $goals </dev/null; then
                row "$name" ok $((SECONDS - start))
        else
                row "$name" FAILED $((SECONDS - start))
                failed=1
        fi
done < <(tiers)

printf '\n'
printf '%s\n' "${table[@]}"
if [ $failed = 0 ]; then
        printf '\nAll is well%s.\n' "$(printf '%s\n' "${table[@]}" | grep -q SKIPPED && printf ', of what could run here')"
else
        printf '\nSomething failed%s; see above.\n' "${strict:+ or was skipped}"
fi
exit $failed
