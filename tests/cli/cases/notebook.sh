#!/usr/bin/env bash
# The lab notebook: the same bytes from a run and from its record. Figures are taken out.
photofinish journey --only double-load,single-load,null --dataset tiny --rounds 2 --quiet --goal 100000h --json run.json \
    --notebook run.md >/dev/null
photofinish notebook run.json | cmp - run.md && echo "the same bytes"
photofinish notebook run.json --output again.md && cmp again.md run.md && echo "and again"
grep -E '^#|^- \*\*(Hypothesis|Change|Expected)' run.md
grep -cE '^- \*\*(Measured|Verdict|Lesson)' run.md
PHOTOFINISH_HISTORY=$WORK/history photofinish history add run.json >/dev/null
PHOTOFINISH_HISTORY=$WORK/history photofinish notebook last | cmp - run.md && echo "and from the history"
run notebook nowhere.json
echo '{"schema": "photofinish.accuracy/1"}' >other.json
run notebook other.json
echo '{"schema": ' >broken.json
run notebook broken.json
run notebook run.json --output nowhere/run.md
run notebook
run journey --dataset tiny --notebook nowhere/run.md --quiet
