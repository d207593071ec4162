# Fails when a file of daemon/FOLDER includes a folder outside its row of the Makefile's table. What a
# file includes is in the folder that its path names: "aws/request/sign.h" is in aws/request.
BEGIN { n = split(may, a, " "); for (i = 1; i <= n; i++) allowed[a[i]] = 1 }
match($0, /^#[ \t]*include[ \t]+"[^"]+\//) {
        dir = substr($0, 1, RLENGTH - 1); sub(/^[^"]*"/, "", dir)
        if (!(dir in allowed)) {
                printf "%s:%d: %s/ may not include %s/ (allowed: %s)\n", FILENAME, FNR, folder, dir, may
                bad = 1
        }
}
END { exit bad }
