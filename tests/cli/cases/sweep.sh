#!/usr/bin/env bash
# One variant with several numbers of workers, with all that was measured taken out.
figures() {
    sed -E -e 's/[0-9.]+ m?s\b( \+-[0-9.]+)?/TIME/g' -e 's/[0-9.]+x( \([0-9.]+ to [0-9.]+\))?/FACTORx/g' -e 's/-?[0-9]+\.[0-9]{4}( \(-?[0-9.]+ to -?[0-9.]+\))?/VALUE/g' \
        -e 's/ \(more than cores\)//' -e 's/ <- knee//' -e 's#[0-9.e+]+/s#RATE#g' -e 's/[0-9.]+ [MG]B/SIZE/g' -e 's/[0-9]+ cores?/CORES/' -e '/by it the most|a parameter below|it holds points|^  limit, not/d' -e 's/ +/ /g'
}
run sweep parallel --dataset tiny --workers 1,2,3,4 --rounds 2 --quiet --json run.json | figures
run sweep parallel --dataset tiny --workers 2 --rounds 1 --quiet | figures
/usr/bin/python3 -c '
import json
record = json.load(open("run.json"))
print(record["command"], record["rounds"], [v["name"] for v in record["variants"]], record["claims"])'
# Chunks, and photos of other sizes: datasets of their own, and a record of several runs.
mkdir own
PHOTOFINISH_DATA=$WORK/own run sweep chunked --dataset tiny --workers 1 --chunk 2,4 --photo-size 0.05,0.1 --rounds 1 --quiet --json sizes.json | figures
/usr/bin/python3 -c '
import json
sweep = json.load(open("sizes.json"))
print(sweep["schema"], [(run["command"], run["dataset"]["name"], [v["name"] for v in run["variants"]]) for run in sweep["runs"]])'
