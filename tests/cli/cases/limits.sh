#!/usr/bin/env bash
# What this machine can do at most: the shape of what is said.
run limits --help
run limits --only nothing
run limits --time 0
run limits extra
run limits --json nowhere/limits.json
run limits -q --only fp32-sse,pipe,decode-libjpeg --dataset tiny --time 0.1 --json limits.json |
    sed -E -e 's/ +[0-9.]+ +([0-9.]+|-)  (.*\/s) +[-+0-9]+ %, [-+0-9]+ %/ ONE ALL \2/' -e 's/ +([0-9]+) at once .*/ N at once/'
/usr/bin/python3 -c '
import json
record = json.load(open("limits.json"))
print(record["schema"], sorted(record))
for limit in record["limits"]:
    for key in ("one", "all"):
        m = limit[key]
        if m:
            print(limit["name"], key, 2 <= len(m["samples"]) <= 24, 0 < m["low"] == min(m["samples"]) <= m["median"] <= m["high"] == max(m["samples"]) == m["best"])'
