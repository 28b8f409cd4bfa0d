#!/usr/bin/env bash
# The journey's table and progress, with all that was measured taken out.
figures() {
    awk '/^(! )?claim /{claims=1} /^(! |= )/{claims=0} /^share of /{sub(/time +/, "time ")} /^(This machine was busy|Observer:)/{busy=1} /^Verdicts:/{print "Verdicts"; busy=1} /^(! )?[0-9]+ claims? (is|are) not answered/{rest=1} /^$|^[=$]/{busy=rest=0} busy{next} rest{print;next} claims && !/^  /{print $1} !claims' |
        sed -E -e '/^(! )?NOT FOR TIMING/d' -e '/^(This machine was busy|run it again|[0-9]+ rounds give wide)/d' -e '/^$/d' -e 's/^([a-z].*) +(kept|rejected|no gain) +([0-9.]+ m?s)/\1 VERDICT \3/' -e 's/[0-9.]+ m?s\b( \+-[0-9.]+)?/TIME/g' -e 's/[+-]?[0-9.]+ %( \([^)]*\)( slower)?)?([ ,]|$)/GAIN\3/g' \
        -e 's/[0-9.]+x( \([0-9.]+ to [0-9.]+\))?( |$)/FACTORx /g' -e 's/[0-9]+ [kM]B/BYTES/g' -e 's/[0-9]+ cores?/CORES/' -e 's/, (warm cache|photos came from storage in part)/, CACHE/' -e 's/ +/ /g' \
        -e 's/parallel x[0-9]+( \(over the cores\))?/parallel xN/' -e 's/TIME [0-9.]+ /TIME RATE /' -e 's/\bx[0-9]+\b/xN/' -e 's/GAIN \+-[0-9.]+/GAIN/g'
}
basic=double-load,single-load,parallel,null # the others come and go; one of them fails in a new way each time
run journey --only $basic --dataset tiny --rounds 2 --seed 7 --json run.json | figures
run journey --only $basic --dataset tiny --rounds 1 --seed 7 --quiet | figures
run run single-load --dataset tiny --quiet | figures
run journey --dataset tiny --rounds 1 --quiet --only null,parallel:workers=1,single-load | figures
COLUMNS=80 run journey --dataset tiny --rounds 2 --quiet --only parallel,double-load | tee narrow | sed '/^Where the time/,/unattributed/d' | figures
awk 'length > 80 && !/^[$]/' narrow
rm narrow
run run parallel:workers=3 --dataset tiny --repetitions 2 --quiet --json - | /usr/bin/python3 -c '
import json, sys
text = sys.stdin.read()
record = json.loads(text[text.index("\n"):text.index("\n= ")])
print(record["command"], record["rounds"], [v["name"] for v in record["variants"]], record["variants"][0]["workers"])
print(text[text.index("\n= "):])'
run run null --dataset tiny --quiet | figures
run run single-load --dataset tiny --quiet --stages facts,decode,quality | figures
run run single-load --dataset tiny --stages facts,decode
run run single-load --dataset tiny --stages quality,colour
run run single-load --dataset tiny --stages quality --command 'other=true {dataset} {scores}'
run run single-load --dataset tiny --timeout 0.1 --quiet | sed -E 's/[0-9] of 8 photos done/N of 8 photos done/' | figures
ls
