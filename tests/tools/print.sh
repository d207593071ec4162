#!/bin/sh
# Puts what the tables of the program print into the files that are held to them by unit tests:
# print.sh DIRECTORY-OF-TOOLS. Called by `make print`.
set -eu
tools=$1

# between FILE BEGIN END: replaces the lines between the two marker lines by standard input.
between() {
        # not -v, which would take the backslashes away
        BEGIN=$2 END=$3 awk '
                BEGIN { begin = ENVIRON["BEGIN"]; end = ENVIRON["END"] }
                NR == FNR { new = new $0 "\n"; next }
                $0 == end { skip = 0 }
                !skip { print }
                $0 == begin { printf "%s", new; skip = 1 }
        ' - "$1" >"$1.new"
        mv "$1.new" "$1"
}

"$tools/print-keys" manual | between man/amid.yaml.5 '.\" BEGIN KEYS' '.\" END KEYS'
"$tools/print-verbs" | between man/amictl.1 '.\" verbs: begin' '.\" verbs: end'
"$tools/print-keys" schema >config/amid.schema.json
"$tools/print-catalog" >systemd/amid.catalog
"$tools/print-policy" config/policy
