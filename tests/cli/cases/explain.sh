#!/usr/bin/env bash
# Why a run takes as long as it does: the shape of what is said, and its sums.
run explain --help
run explain nothing
run explain single-load --dataset tiny --what-if decode
run explain single-load --dataset tiny --what-if nothing=0.5
run explain single-load --dataset tiny --json nowhere/explain.json
photofinish run double-load --dataset tiny --quiet --json record.json >/dev/null
COLUMNS=400 run explain record.json --what-if decode=0.5 | sed -E -e 's/[0-9.]+ (%|m?s)/N \1/g' -e 's/[0-9.]+( times|x)/N\1/g' -e 's/1 of [0-9]+ cores/1 of N cores/' -e 's/ +/ /g' -e 's/^[a-z]+ bounds/STAGE bounds/' | grep -v ' N.*% N'
photofinish explain parallel:workers=2 --dataset tiny --quiet --rounds 2 --what-if faces=0 --json explain.json >explain.txt
grep -c 'bounds parallel:workers=2: ' explain.txt
/usr/bin/python3 -c '
import json
e = json.load(open("explain.json"))
print(e["schema"], sorted(e))
print("bound:", e["bound"].split()[0] in [s["stage"] for s in e["stages"]], e["bound"].count("."))
print("the time of the workers is told:", abs(sum(e["worker_time"].values()) - 1) < 1e-6)
print("ranked:", [s["speedup_at_none"] for s in e["stages"]] == sorted((s["speedup_at_none"] for s in e["stages"]), reverse=True))
print("half gains less than all:", all(1 <= s["speedup_at_half"] + 1e-9 and s["speedup_at_half"] <= s["speedup_at_none"] + 1e-9 for s in e["stages"]))
print("of the limit:", all(0 < e["limits"][k] for k in ("decode_photos_per_s", "run_share", "decode_share", "network_share", "network_intensity", "memory_gb_per_s")))
print("the roof is the lower one:", abs(e["limits"]["roof_gflops"] - min(e["limits"]["peak_gflops"], e["limits"]["network_intensity"] * e["limits"]["memory_gb_per_s"])) < 1e-6 * e["limits"]["peak_gflops"])
print("without faces:", e["what_if"]["factors"], e["what_if"]["speedup"]["n"], e["what_if"]["speedup"]["mean"] > 1)'
