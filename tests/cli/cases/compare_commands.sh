#!/usr/bin/env bash
# Two commands against each other: the forms of it, what is said without the figures, and wrong command lines.
run compare --commands --help
words() {
    sed -E '/^(.*: )?(This machine was busy|slow first run|outliers|drift|short runs): /d' | sed -E -e '/^[=$!] /!{s/  +/  /g;s/ [0-9][0-9.]* (m?s|[kM]?B)/ N/g;s/N \+-[0-9.]+/N/g;}' \
        -e 's/^(.*) is (faster|slower) than (.*): .* times as long.*/\1 WORD \3/' \
        -e 's/^(.*) and (.*) are equivalent within .*/\1 WORD \2/' \
        -e 's/^undecided between (.*) and (.*): .* times as long.*/\1 WORD \2/' \
        -e 's/^(the verdict rests|a verdict takes|no verdict:) .*/BASIS/' -e '/^CPU time: /d'
}
printf '#!/bin/sh\nsleep 0.02\n' >old
printf '#!/bin/sh\nsleep 0.2\n' >new
chmod +x old new
run compare ./old ./new --rounds 3 --quiet | words
run compare --rounds 3 --quiet --commands true 'true; true' --prepare 'echo p >>log' | words
wc -l <log
run compare --rounds 2 --quiet -- ./old -- true --margin 3 | words
run compare ./new ./old --until-decided --quiet -n new -n old | grep -oE '^(\$.*|new is slower than old|=.*|proved after)'
photofinish compare ./old ./new --rounds 2 --quiet --json - | /usr/bin/python3 -c 'import json,sys
record = json.load(sys.stdin)
print(record["schema"], record["outputs_checked"], record["rounds"], [c["pairs"] for c in record["comparisons"]])'
run compare ./old
run compare ./old ./new ./new
run compare --commands
run compare -- true
run compare ./old parallel -- true
run compare ./nowhere ./nothing --quiet --seed 1
run compare ./nowhere './nothing --to-run' --quiet --seed 1
run compare ./old ./new --dataset tiny
run compare --commands true false --quiet
