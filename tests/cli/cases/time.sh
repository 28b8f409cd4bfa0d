#!/usr/bin/env bash
# Commands against each other: what is run and how often, exports, wrong command lines.
run time --help
# What is said of a busy machine and of odd times depends on both: lines, and parts of a cell.
notes() {
    sed -E -e '/^(.*: |- .*|\*\*)?(This machine was busy|slow first run|outliers|drift|short runs)(\*\*)?: /d' \
        -e 's/(This machine was busy|slow first run|outliers|drift|short runs): [^;"]*(; times are too long by what others took)?(; )?//g' -e 's/; "/"/g' \
        -e '/^ *"(This machine was busy|slow first run|outliers|drift|short runs): /d'
}
words() {
    notes | sed -E -e '/^[=$!] /!{s/  +/  /g;s/ [0-9][0-9.]* (m?s|[kM]?B)/ N/g;s/N \+-[0-9.]+/N/g;}' \
        -e 's/^(.*) is (faster|slower) than (.*): .* times as long.*/\1 WORD \3/' \
        -e 's/^(.*) and (.*) are equivalent within .*/\1 WORD \2/' \
        -e 's/^undecided between (.*) and (.*): .* times as long.*/\1 WORD \2/' \
        -e 's/^(the verdict rests|a verdict takes|no verdict:) .*/BASIS/' -e '/^CPU time: /d'
}
run time --runs 3 --seed 1 --quiet -- true a -- sh -c 'exit 0' | words
run time --runs 1 --quiet 'true; true' | words
# Warm-up runs, preparations, and the order: odd rounds draw one, even rounds reverse it.
run time --runs 4 --warmup 1 --seed 2 --quiet --prepare 'printf p >>log' -n one -n two -- sh -c 'printf 1 >>log' -- sh -c 'printf 2 >>log' | words
cat log
echo
# Parameters: the first one changes fastest; the reference has none, and comes first.
run time --runs 1 --quiet -N -P n 1 2 -L file a,b --reference 'true ref' 'true {n} {file}' | words
run time --runs 1 --quiet -P x 0 0.5 -D 0.25 -n 'x={x}' --export-csv - -- true '{x}' | notes | sed -E '/^[=$] /!s/-?[0-9]+\.[0-9]{4,}/N/g'
photofinish time --runs 1 --quiet -L a 1,2 --export-json - 'true {a}' | /usr/bin/python3 -c 'import json,sys;print([(r["command"],r["parameters"]) for r in json.load(sys.stdin)["results"]])'
run time -L a 1,2 -- true
run time -P n 1 -- true
run time -P n 1 100 'true {n}'
run time -L a 1,2 --parameter-step-size 2 'true {a}'
# Set-ups, conclusions, clean-ups; input and output.
rm -f log
run time --runs 2 --seed 2 --quiet -L a 1,2 --setup 'printf s{a} >>log' --prepare 'printf p >>log' --conclude 'printf c >>log' --cleanup 'printf x{a} >>log' 'printf {a} >>log' | notes | tail -2
cat log
echo
echo read >input
run time --runs 2 --quiet --input input --output output -- cat | head -1
cat output
run time --runs 1 --quiet --output pipe -N 'sh -c "[ -p /dev/stdout ] && head -c 300000 /dev/zero"' | head -2
run time --runs 1 --quiet --shell 'bash -e' 'false; true' | head -2
run time --runs 1 --quiet --shell none 'true "a'
run time --runs 1 --quiet --input nowhere -- true
run time --runs 1 --quiet --cleanup 'exit 6' -- true | notes | tail -3
# A clear difference is one, in both directions; alpha is shared out.
run time --quiet --runs 6 -- sleep 0.02 -- sleep 0.5 | grep -oE '^(\$.*|sleep 0.02 is .* than sleep 0.5|=.*)'
run time --quiet --runs 6 -- sleep 0.5 -- sleep 0.02 -- sleep 0.01 | grep -oE '^(\$.*|sleep 0.5 is .* than sleep [0-9.]*|.*rests on the [0-9.]* %|=.*)'
run time --quiet --until-decided -- sleep 0.2 -- true | grep -oE '^(\$.*|sleep 0.2 is .* than true|=.*|proved after)'
# Exports.
run time --runs 1 --quiet --export-csv - -n '=1+1' -- true | cut -d, -f1
run time --runs 2 --quiet --export-csv - -- true 'a"b' | notes | sed -E '/^[=$] /!s/-?[0-9]+(\.[0-9]+(e[+-][0-9]+)?|e[+-][0-9]+|[0-9]{5})/N/g'
run time --runs 2 --quiet --export-markdown - -n 'a|b' -- true -- true | notes | sed -E '/^$/{N;/^\n(= |$)/D;}' | sed -E '/^[=$] /!{s/-?[0-9]+(\.[0-9]+(e[+-][0-9]+)?|e[+-][0-9]+|[0-9]{5})/N/g;s/: (faster|slower|equivalent|undecided)/: WORD/g;}'
# What qualifies a figure stands in every export; a name is as long as it is, and is what it is.
failing() {
    photofinish time --runs 2 --quiet --ignore-failure "$@" 'exit 1' 'true' 2>&1 | notes | cat -s |
        sed -E -e 's/-?[0-9]+(\.[0-9]+(e[+-][0-9]+)?|e[+-][0-9]+|[0-9]{5})/N/g' -e 's/(faster|slower|equivalent|undecided)/WORD/g' -e 's/\[m?s\]/[UNIT]/g'
}
failing --export-csv -
failing --export-markdown -
failing --export-json - | grep failed | sed 's|,$||'
long=$(printf '%0300d' 0)
photofinish time --runs 1 --quiet --export-json - -- echo "$long" one -- echo "$long" two | grep -oE '"command": .*' | sed -E 's/0+/0/'
run time --runs 1 --quiet --export-csv - -n -3 -n +1+1 -n -.5 -- true -- true -- true | cut -d, -f1,3
for name in 'a`b' '``' ' `a'; do
    photofinish time --runs 1 --quiet --export-markdown - -n "$name" -- true | sed -nE '3s/ \| .*//p'
done
photofinish time --runs 3 --quiet --export-json time.json -- true -- false --ignored 2>/dev/null
photofinish time --runs 3 --quiet --export-json time.json --ignore-failure -- true -- false | grep failed
/usr/bin/python3 - <<'END'
import json, math
record = json.load(open("time.json"), object_pairs_hook=lambda pairs: dict(pairs) if sorted(pairs) == pairs else exit("not sorted"))
first, second = (result["times"] for result in record["results"])
ratio = math.exp(sum(math.log(a / b) for a, b in zip(first, second)) / 3)
print(record["schema"], record["outputs_checked"], record["rounds_done"], [r["exit_codes"] for r in record["results"]])
print(abs(record["comparisons"][0]["ratio"]["mean"] - ratio) < 1e-9, record["comparisons"][0]["pairs"])
for result in record["results"]:
    print(abs(result["mean"] - sum(result["times"]) / 3) < 1e-12, result["min"] == min(result["times"]), result["median"] == sorted(result["times"])[1])
END
# Counters: with a value each round where the kernel counts, else why there is none.
photofinish time --runs 2 --quiet --counters page-faults,cycles --json time.json -- true -- sh -c : | grep -cE '^(Counters|PROFILED)'
/usr/bin/python3 -c '
import json
record = json.load(open("time.json"))
print(record["profiled"], any("PROFILED" in text for text in record["caveats"]))
for result in record["results"]:
    for event in result["counters"]["events"]:
        known = [value for value in event["values"] if value is not None]
        print(event["name"], len(event["values"]), bool(known) == (event["mean"] is not None) == (event["unavailable"] is None))'
photofinish time --runs 1 --quiet --counters page-faults --export-csv - -- true | head -1 | sed 's/.*,//'
run time --counters instructions:valgrind -- true
# What a command leaves behind is killed; a run that takes too long is, with its children.
run time --runs 1 --quiet -- sh -c 'sleep 987 & :' | head -1
run time --runs 1 --quiet --timeout 0.2 -- sh -c 'sleep 988; :'
run time --runs 1 --quiet --timeout 0.2 -- sh -c 'trap "" TERM; sleep 989; :'
pgrep -f '^sleep 98[789]$'
run time --quiet -- false
run time --quiet --runs 2 -- sh -c 'kill -SEGV $$'
run time --quiet -- /nowhere/nothing
run time --quiet --prepare 'exit 3' -- true
run time --quiet --prepare true --prepare true -- true
run time
run time --
run time -- true --
run time -- true -- -- true
run time true -- true
run time ''
run time --until-decided -- true
run time -n a -n b -- true
run time --runs 0 -- true
run time --export-json nowhere/time.json -- true
# Verdicts that decide the exit status; failures of some kinds.
run time --quiet --runs 6 --fail-if slower -- sleep 0.5 -- sleep 0.02 | grep -oE '^(\$.*|sleep 0.5 is .* than sleep [0-9.]*|=.*)'
run time --quiet --runs 6 --fail-if slower -- sleep 0.02 -- sleep 0.5 | grep -oE '^(\$.*|sleep .* is .* than sleep [0-9.]*|=.*)'
run time --quiet --runs 6 --fail-if slower --reference 'sleep 0.02' --reference-name short 'sleep 0.5' | grep -oE '^(\$.*|short is .* than sleep [0-9.]*|=.*)'
run time --quiet --runs 6 --fail-if not-equivalent -- sleep 0.02 -- sleep 0.5 | grep -oE '^(\$.*|sleep .* is .* than sleep [0-9.]*|=.*)'
# shellcheck disable=SC2016 # the inner shell expands it
busy='i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'
run time --quiet --runs 6 --fail-if slower --by cpu -n busy -n idle "$busy" 'sleep 0.01' | grep -oE '^(\$.*|CPU time: busy is .* than idle|=.*)'
run time --quiet --fail-if slower -- true
run time --quiet --runs 1 --fail-if slower -- true -- true
run time --quiet --reference-name short -- true
run time --quiet --runs 2 --ignore-failure=3,4 -- sh -c 'exit 4' | grep -E '^([$=]|2 of)'
run time --quiet --runs 2 --ignore-failure=3 -- sh -c 'exit 4'
run time --quiet --ignore-failure=3,x -- true
