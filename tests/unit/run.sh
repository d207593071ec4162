#!/bin/sh
# run.sh PROGRAM: one unit test, quiet unless it fails.
name=${1#*/tests/}
umask 022 # settings and state that a group may write are refused
if CMOCKA_MESSAGE_OUTPUT=STDOUT "$1" >"$1.log" 2>&1; then
        printf '  TEST %s\n' "$name"
else
        printf '  FAIL %s\n' "$name"
        cat "$1.log"
        exit 255 # xargs stops here
fi
