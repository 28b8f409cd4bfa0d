#!/usr/bin/env bash
# A goal: what is said of it, what is run until it is met; all that was measured is taken out.
figures() {
    sed -n -e '/^[$]/p' -e '/^Goal:/,/^$/p' -e '/^!/p' -e '/^=/p' | tr '\n' ' ' | sed -E -e 's/ ([$!=]|No variant|[a-z-]+ is the first|Stopped|variant +start)/\n\1/g' \
        -e 's/ (double-load|single-load|null) +[0-9]/\n\1 0/g' | sed -E -e 's/^(double-load|single-load|null) [0-9.].*(met|missed|undecided)( +[0-9.e+]+)+/\1 FIGURES/' \
        -e 's/[-0-9.e+]+ times/N times/' -e 's/the nearest, [a-z-]+,/the nearest, STEP,/' -e 's/: [0-9.]+ m?s, /: TIME, /' -e 's/ +/ /g' -e 's/ $//'
    echo
}
some="--only double-load,single-load,null --dataset tiny --seed 7"
# shellcheck disable=SC2086
run journey $some --rounds 2 --goal 1s --photos 1000000 --quiet | figures
# shellcheck disable=SC2086
run journey $some --rounds 2 --goal 1s --photos 1000000 --price-per-hour 2.5 --until-goal --json missed.json | figures
# shellcheck disable=SC2086
run journey $some --rounds 4 --goal 100000h --until-goal --json met.json | figures
# shellcheck disable=SC2086
run journey $some --rounds 1 --goal 100000h --quiet | figures
/usr/bin/python3 - <<'END'
import json
for name in ("missed", "met"):
    record = json.load(open(name + ".json"))
    goal = record["goal"]
    print(name, goal["first_met"], "not run:", goal["not_run"], [step["name"] for step in goal["steps"]], record["rounds"])
    for variant in record["variants"]:
        print(" ", variant["name"], variant["status"], [trial["round"] for trial in variant["trials"]])
END
