# Flattens one JSON document: a line for each scalar, PATH<TAB>VALUE, with array places from 0.
# {"a": [{"b": 1}]} becomes a/0/b<TAB>1. Escapes other than \" and \\ stay as they are.

function fail(why) {
        print "flatten: " why " at byte " at > "/dev/stderr"
        exit 1
}

function skip() {
        while (substr(text, at, 1) ~ /[ \t\n\r]/)
                at++
}

function string(        start, value) {
        start = ++at
        while (at <= size && substr(text, at, 1) != "\"")
                at += substr(text, at, 1) == "\\" ? 2 : 1
        value = substr(text, start, at++ - start)
        gsub(/\\"/, "\"", value)
        gsub(/\\\\/, "\\", value)
        return value
}

function value(path,        c, n, name) {
        skip()
        c = substr(text, at, 1)
        if (c == "{" || c == "[") {
                at++
                for (n = 0; ; n++) {
                        skip()
                        if (substr(text, at, 1) ~ /[]}]/)
                                break
                        if (n && substr(text, at++, 1) != ",")
                                fail("a comma is missing")
                        skip()
                        name = n
                        if (c == "{") {
                                name = string()
                                skip()
                                if (substr(text, at++, 1) != ":")
                                        fail("a colon is missing")
                        }
                        value(path == "" ? name : path "/" name)
                }
                at++
        } else if (c == "\"") {
                print path "\t" string()
        } else if (match(substr(text, at, 40), /^[-+.0-9a-zA-Z]+/)) {
                print path "\t" substr(text, at, RLENGTH)
                at += RLENGTH
        } else {
                fail("a value is missing")
        }
}

{ text = text $0 "\n" }

END {
        size = length(text)
        at = 1
        value("")
}
