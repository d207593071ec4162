# Fails when a file of daemon/FOLDER includes a folder outside its row of the Makefile's table.
BEGIN { n = split(may, a, " "); for (i = 1; i <= n; i++) allowed[a[i]] = 1 }
match($0, /^#[ \t]*include[ \t]+"[^"\/]+\//) {
        dir = $0; sub(/^[^"]*"/, "", dir); sub(/\/.*/, "", dir)
        if (!(dir in allowed)) {
                printf "%s:%d: %s/ may not include %s/ (allowed: %s)\n", FILENAME, FNR, folder, dir, may
                bad = 1
        }
}
END { exit bad }
