#!/bin/bash
# The demo of `make demo`: amid keeps images of a small fleet in a simulated EC2. What happens is
# shown by amid's own programs; at the end it is checked against what EC2 holds, and the exit status
# is 0 only when all of it is true. Everything lives in a scratch folder that is gone afterwards.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../../build" && pwd)
speed=8

# ---- how it looks ----------------------------------------------------------------------------
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
        bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
        bold='' dim='' red='' green='' plain=''
fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s\n' "$@" | fold -s -w 78; }
# Shows a command as typed, then does it.
show() {
        printf '\n%s$ %s%s\n' "$dim" "$*" "$plain"
        "$@"
}

# ---- a scratch folder, and nothing left of it ------------------------------------------------
umask 022 # settings that a group may write are refused
scratch=$(mktemp -d "${TMPDIR:-/tmp}/amid-demo.XXXXXX")
amid_pid='' sim_pid=''
finish() {
        status=$?
        trap - EXIT INT TERM HUP
        for pid in $amid_pid $sim_pid; do
                kill "$pid" 2>/dev/null || true
                wait "$pid" 2>/dev/null || true
        done
        if [ $status != 0 ] && [ $status -lt 128 ] && [ -s "$scratch/amid.log" ]; then
                heading "What amid logged"
                tail -n 40 "$scratch/amid.log"
        fi
        rm -rf "$scratch"
        exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cd "$scratch"
mkdir state run

# Keys of the simulated account, and nothing of a real one.
for name in $(compgen -e); do
        case $name in AWS_* | NOTIFY_SOCKET | JOURNAL_STREAM | WATCHDOG_*) unset "$name" ;; esac
done
export AWS_ACCESS_KEY_ID=AKIDEMO AWS_SECRET_ACCESS_KEY=not-a-secret AWS_EC2_METADATA_DISABLED=true
export STATE_DIRECTORY=$scratch/state RUNTIME_DIRECTORY=$scratch/run LC_ALL=C.UTF-8
amictl() { timeout --foreground 90 "$build/amictl" -c amid.yaml "$@"; }

wait_for() { # SECONDS WHAT COMMAND...: until the command succeeds
        local what=$2 end=$((SECONDS + $1))
        shift 2
        until "$@" >/dev/null 2>&1; do
                if [ $SECONDS -ge $end ]; then
                        echo "demo: waited too long for $what" >&2
                        exit 1
                fi
                sleep 0.1
        done
}

# ---- facts: documents as lines of PATH<TAB>VALUE -----------------------------------------------
flatten() { awk -f "$here/flatten.awk"; }
sim() { # what ec2sim says of itself: state, log
        exec 3<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /sim/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
        sed '1,/^\r$/d' <&3 | flatten
        exec 3>&-
}
# Rows of a list of ec2sim's state: the members named, separated by |. A member that is a list
# gives its values separated by spaces.
rows() { # FILE LIST MEMBER...
        local file=$1 list=$2
        shift 2
        awk -F'\t' -v list="$list/" -v members="$*" '
                index($1, list) == 1 {
                        path = substr($1, length(list) + 1)
                        row = path; sub(/\/.*/, "", row)
                        sub(/^[^\/]*\//, "", path)
                        if (path ~ /\/[0-9]+$/)
                                sub(/\/[0-9]+$/, "", path)
                        if (row + 1 > n)
                                n = row + 1
                        found[row, path] = found[row, path] (found[row, path] == "" ? "" : " ") $2
                }
                END {
                        count = split(members, member, " ")
                        for (row = 0; row < n; row++) {
                                for (i = 1; i <= count; i++)
                                        printf "%s%s", found[row, member[i]], i < count ? "|" : "\n"
                        }
                }' "$file"
}
count() { grep -c . || true; }

# amid's log from the beginning of this run to its end, with the time and with names
# for ids: what a terminal shows with `amictl watch`.
follow_log() { # RUN
        local line begun='' end=$((SECONDS + 90))
        while [ $SECONDS -lt $end ] && IFS= read -t 90 -r line; do
                line=${line#amid: }
                case $line in "Run $1 started"*) begun=1 ;; esac
                [ "$begun" ] || continue
                printf '%s\n' "$line" | sed "$names" | fold -s -w 67 |
                        sed "1s/^/  $(date +%T)  /; 2,\$s/^/            /; s/ *\$//"
                case $line in "Run $1 "*ended* | "Run $1 is done"*) break ;; esac
        done < <(exec tail -n +1 -s 0.2 -f amid.log --pid=$$)
}

# ---- 1: an account that is not new -------------------------------------------------------------
begin=$SECONDS
heading 'An account of EC2 with a history'
"$build/ec2sim" --speed $speed --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
        --fleet "$here/fleet.json" >port 2>ec2sim.log &
sim_pid=$!
wait_for 5 ec2sim test -s port
port=$(cat port)
say "A simulated EC2, $speed times as fast as the real one. It checks signatures, takes" \
        "its time, reboots instances and refuses what EC2 refuses."
sim state >before
names=$(rows before instances id tags/Name | sed 's/\(.*\)|\(.*\)/s\/\1\/\2\/g/')
printf '\n'
rows before instances tags/Name id state volumes | while IFS='|' read -r name id state volumes; do
        set -- $volumes
        printf '  %-6s %s  %-8s %d volumes, %d images of the last days\n' "$name" "$id" "$state" $# \
                "$(rows before images tags/amid:instance | grep -c "$id" || true)"
done

# ---- 2: settings -------------------------------------------------------------------------------
heading 'Two schedules'
first=$(($(date +%s) + 6))
at() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
stamp() { date -u -d "@$1" +%Y%m%dT%H%M%SZ; }
cat >amid.yaml <<SETTINGS
version: 1
accounts:
  lab: {regions: [us-east-1], endpoint_url: "http://127.0.0.1:$port"}
schedules:
  web-nightly:                      # consistent; one server down at a time
    schedule: rate(1 day)
    start: $(at $first)
    targets: {tags: {Role: web, Backup: nightly}, expect: {min: 3, max: 3}}
    consistency: reboot
    reboot: {max_parallel: 1, settle: 20s}
    retain: {daily: 3}
  db-hourly:                        # disks as they are
    schedule: rate(1 hour)
    start: $(at $((first + 2)))
    targets: {tags: {Role: db}}
    consistency: crash
    retain: {last: 24}
SETTINGS
sed -n '/^schedules/,$p' amid.yaml | sed 's/^/  /'
show amictl check
"$build/amid" -c amid.yaml 2>amid.log &
amid_pid=$!
wait_for 5 'amid to be ready' amictl status
show amictl next

# ---- 3: the state was lost ---------------------------------------------------------------------
heading "Last days' images are in EC2, but this amid does not know them"
say 'Its state is new, so it would never touch them. They carry its tags:'
show amictl adopt | tee adopted

# ---- 4: the firing -----------------------------------------------------------------------------
web_run=web-nightly.$(stamp $first)
db_run=db-hourly.$(stamp $((first + 2)))
heading "web-nightly fires: one instance reboots at a time, snapshots fill up"
wait_for 20 'the firing' amictl show "$web_run"
if [ -t 1 ]; then
        show amictl watch "$web_run"
else
        follow_log "$web_run"
fi
wait_for 60 "$db_run" grep -q "Run $db_run is done" amid.log

# ---- 5: what came of it ------------------------------------------------------------------------
heading 'What amid tells of it'
show amictl runs
show amictl images
# EC2 lists a deregistered image for some seconds more.
settled() { sim state >after && ! grep -q 'state.deregistered' after; }
wait_for 10 'the removed images to be gone' settled
sim log >log
for run in "$web_run" "$db_run"; do amictl --json show "$run" | flatten >"$run.show"; done
amictl --json images | flatten >images
kill "$amid_pid"
wait "$amid_pid" && exit_status=0 || exit_status=$?
amid_pid=''

printf '\n%sRemoved, and why%s (from the log)\n' "$dim" "$plain"
sed -n 's/^amid: Image \(.*\) is removed: \(.*\) (\(.*\) deleted)\.$/  \1: \2 (and \3)/p' amid.log |
        sed "$names"

# Who was down when, from what EC2 did to the machines: NAME|FROM|UNTIL|CAUSE.
awk -F'\t' '
        $1 !~ /^instances\// { next }
        { split($1, part, "/"); row = part[2] + 0; last = row }
        $1 ~ /tags\/Name$/ { name[row] = $2 }
        $1 ~ /from$/ { from[row, part[4]] = $2; n[row] = part[4] + 1 }
        $1 ~ /until$/ { until[row, part[4]] = $2 }
        $1 ~ /cause$/ { cause[row, part[4]] = $2 }
        END {
                for (row = 0; row <= last; row++)
                        for (i = 0; i < n[row]; i++)
                                if (cause[row, i] != "stop") # what was stopped before
                                        printf "%s|%.3f|%.3f|%s\n", name[row], from[row, i],
                                                until[row, i], cause[row, i]
        }' after >outages
printf '\n%sWho was down%s (#; each column is a second, from the firing on)\n' "$dim" "$plain"
end=$(awk -F'\t' '$1 == "time" { printf "%d", $2 }' after)
for name in web-1 web-2 web-3; do
        printf '  %s  ' "$name"
        awk -F'|' -v name=$name -v first=$first -v end="$end" -v red="$red" -v plain="$plain" -v dim="$dim" '
                $1 == name { from = $2; until = $3 }
                END {
                        for (t = first; t < end && t < first + 68; t++)
                                printf "%s", (t + 1 > from && t < until) ? red "#" plain : dim "-" plain
                        print ""
                }' outages
done

# ---- 6: did it all happen? -----------------------------------------------------------------------
failed=0
check() { # TEXT COMMAND...: a tick when the command succeeds
        local text=$1
        shift
        if "$@"; then
                printf '  %s✓%s %s\n' "$green" "$plain" "$text"
        else
                printf '  %s✗%s %s\n' "$red" "$plain" "$text"
                failed=1
        fi
}
is() { [ "$1" = "$2" ]; }

instances() { rows after instances tags/Role id | sed -n "s/^$1|//p" | sort; }
images_of() { rows after images tags/amid:run tags/amid:instance | sed -n "s/^$1|//p" | sort; }
one_image_each() { # RUN ROLE
        is "$(images_of "$1")" "$(instances "$2")"
}
# Every image of the runs available, every snapshot completed, both tagged, the proof as expected.
all_available() {
        local id run state consistency snapshots n=0
        rows after snapshots id state tags/amid:run tags/amid:owner >snapshots
        while IFS='|' read -r id run state consistency snapshots; do
                case $run in
                "$web_run") is "$consistency" reboot-clean || return 1 ;;
                "$db_run") is "$consistency" stopped || return 1 ;;
                *) continue ;;
                esac
                is "$state" available || return 1
                for snapshot in $snapshots; do
                        grep -q "^$snapshot|completed|$run|amid$" snapshots || return 1
                        n=$((n + 1))
                done
        done < <(rows after images id tags/amid:run state tags/amid:consistency snapshots)
        is $n 8
}
# Each web server down once, by CreateImage, and the next only after the one before was up again.
one_at_a_time() {
        is "$(count <outages)" 3 && is "$(cut -d'|' -f1,4 outages | sort | tr '\n' ' ')" \
                "web-1|create-image web-2|create-image web-3|create-image " &&
                sort -t'|' -k2,2n outages | awk -F'|' '$2 < until { bad = 1 } { until = $3 } END { exit bad }'
}
# The oldest image of each web server is gone with its snapshots; nothing else is.
oldest_pruned() {
        local id instance
        rows before images tags/amid:instance tags/amid:time id snapshots | grep '^i-' | sort |
                awk -F'|' '!seen[$1]++ { print $3 "\n" $4 }' | tr ' ' '\n' | sort >expected
        { rows before images id; rows before snapshots id; } | sort >was
        { rows after images id; rows after snapshots id; } | sort >is
        comm -23 was is >gone
        is "$(count <expected)" 9 && cmp -s expected gone
}
reasons_given() {
        is "$(grep -c ' is removed: daily 3 of those worth reboot no longer keeps it (2 snapshots deleted)\.$' amid.log)" 3
}
# amid's own books agree with EC2.
books_agree() {
        { rows images images id; rows after images tags/amid:owner id | sed '/^amid|/!d; s///'; } |
                sort | uniq -c | awk '$1 != 2 { bad = 1 } END { exit bad || NR != 10 }'
}
outcome() { is "$(awk -F'\t' '$1 == "run/outcome" { print $2 }' "$1.show")" done; }
fired_in_time() {
        local id due=$first
        for id in "$web_run" "$db_run"; do
                started=$(awk -F'\t' '$1 == "run/started" { print $2 }' "$id.show")
                [ $(($(date -d "$started" +%s) - due)) -le 2 ] || return 1
                due=$((first + 2))
        done
}
db_untouched() { is "$(rows after instances tags/Name state | grep ^db-1)" 'db-1|stopped'; }
foreign_kept() { is "$(rows after images tags/Owner state | grep -c '^somebody else|available$')" 3; }
creates=$(rows log requests action | grep -c '^CreateImage$' || true)
took=$((SECONDS - begin))

heading 'Summary'
printf '  %s\n' 'Asked: an image of each web server, rebooted one after the other; keep 3 days.' \
        '       An image of db-1 as it is.'
printf '  Now:   %d images in EC2, %d of them ours, after %d requests.\n\n' \
        "$(rows after images id | count)" "$(rows after images tags/amid:owner | grep -c amid)" \
        "$(rows log requests number | count)"
check 'both schedules fired within 2 s of their time' fired_in_time
check 'both runs did everything they were to do' eval 'outcome "$web_run" && outcome "$db_run"'
check 'exactly one image of each web server' one_image_each "$web_run" web
check 'exactly one image of db-1, which was stopped and still is' \
        eval 'one_image_each "$db_run" db && db_untouched'
check "CreateImage was called once for each ($creates calls)" is "$creates" 4
check 'all available, 8 snapshots complete, tagged with what is proven' all_available
check 'reboots never overlapped' one_at_a_time
check 'the oldest image of each web server is gone, its snapshots too' oldest_pruned
check 'each removal was logged with the rule that no longer keeps it' reasons_given
check "images made by others were left alone" foreign_kept
check "9 images adopted; amid's books agree with EC2" \
        eval 'grep -q "^amid: 9 images adopted" amid.log && books_agree'
check 'amid stopped cleanly when told to' is $exit_status 0
if [ $failed = 0 ]; then
        printf '\n%sAll of it happened%s, in %d s. Next: README.md, "A first schedule".\n' "$bold" "$plain" $took
else
        printf '\n%sNot all of it happened.%s\n' "$red" "$plain"
fi
exit $failed
