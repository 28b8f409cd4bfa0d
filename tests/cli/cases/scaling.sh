#!/usr/bin/env bash
# One variant with several numbers of workers, with all that was measured taken out.
figures() {
    sed -E -e 's/[0-9.]+ m?s\b( \+-[0-9.]+)?/TIME/g' -e 's/[0-9.]+x( \([0-9.]+ to [0-9.]+\))?/FACTORx/g' -e 's/-?[0-9]+\.[0-9]{4}( \(-?[0-9.]+ to -?[0-9.]+\))?/VALUE/g' \
        -e 's/ \(more than cores\)//' -e 's/[0-9]+ cores?/CORES/' -e '/by it the most|a parameter below|it holds points|^  limit, not/d' -e 's/ +/ /g'
}
run scaling --dataset tiny --workers 1,2,3,4 --rounds 2 --quiet --json run.json | figures
run scaling --dataset tiny --workers 2 --rounds 1 --quiet | figures
/usr/bin/python3 -c '
import json
record = json.load(open("run.json"))
print(record["command"], record["rounds"], [v["name"] for v in record["variants"]], record["claims"])'
