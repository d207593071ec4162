#!/bin/bash
# The test of the test: breaks the engine on purpose, a line of mutants.txt at a time, and wants the
# simulation to notice within 60 s. Called by make with the programs' folder and the compiler command.
# A mutant is a copy of one source file in front of the archive that has the right one.
set -u
b=$1 cc=$2 link=$3 only=${4:-}
seconds=60
failed=0
mkdir -p "$b/mutants"
while IFS='|' read -r name file script options; do
        name=${name// /} file=${file// /}
        case $name in '' | \#*) continue ;; esac
        [ -z "$only" ] || [ "$only" = "$name" ] || continue
        changed=
        for source in daemon/$file; do
                sed -e "$(sed 's/^ *//; s/ *$//' <<<"$script")" "$source" >"$b/mutants/$name.c"
                cmp -s "$source" "$b/mutants/$name.c" || { changed=yes; break; }
        done
        if [ -z "$changed" ]; then
                printf '  %-28s changes nothing: mutants.txt does not fit %s any more\n' "$name" "$file"
                failed=1
                continue
        fi
        if ! $cc -w -c -o "$b/mutants/$name.o" "$b/mutants/$name.c" ||
                ! ${link//MUTANT/"$b/mutants/$name.o"} -o "$b/mutants/$name"; then
                printf '  %-28s does not compile\n' "$name"
                failed=1
                continue
        fi
        start=$SECONDS
        # shellcheck disable=SC2086  # options are words
        timeout $seconds "$b/mutants/$name" $options >"$b/mutants/$name.log" 2>&1
        if [ $? = 1 ] && why=$(grep 'VIOLATED' "$b/mutants/$name.log"); then
                printf '  %-28s %3d s  %s\n' "$name" $((SECONDS - start)) "${why:0:110}"
        elif grep -q 'Assertion' "$b/mutants/$name.log"; then
                printf '  %-28s %3d s  an assertion\n' "$name" $((SECONDS - start))
        else
                printf '  %-28s NOT NOTICED in %d s\n' "$name" $((SECONDS - start))
                failed=1
        fi
        rm -f "$b/mutants/$name" "$b/mutants/$name.o"
done <tests/sim/mutants.txt
exit $failed
