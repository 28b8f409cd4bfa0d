#!/usr/bin/env bash
# Without a pose network scores differ: that is said first, recorded, and part of what a kept reference is known by.
mkdir photos hostile
make_hostile hostile
cp hostile/good.jpg photos
echo 'model: ""' >off.yaml
echo 'model: nowhere.onnx' >absent.yaml
echo 'model: notes.onnx' >damaged.yaml
echo 'no network' >notes.onnx
record() { /usr/bin/python3 -c '
import json, sys
configuration = json.load(open(sys.argv[1]))["configuration"]
print(sys.argv[1], configuration["no_pose"])
print(configuration["digest"], file=open(sys.argv[1] + ".digest", "w"))' "$1"; }
photofinish score photos --quiet --config off.yaml 2>err | head -1
cat err
photofinish score photos --quiet --config off.yaml --json - 2>err >scores.jsonl
cat err
/usr/bin/python3 -c '
import json
caveat = json.loads(open("scores.jsonl").readline())["caveat"]
print(caveat)' || exit
photofinish score photos --quiet --config off.yaml --csv - 2>/dev/null | tr -d '\r' | sed -n '2s/.*,/csv: /p'
photofinish score photos --quiet --json - | grep -c caveat
photofinish run single-load --dataset photos --quiet --config off.yaml --json off.json 2>err | head -1
cat err
photofinish run single-load --dataset photos --quiet --json on.json 2>&1 | grep -ci 'without pose'
record off.json
record on.json
photofinish load single-load --dataset photos --quiet --config off.yaml --queries 1 --json load.json | grep -m 1 '^WITHOUT POSE'
/usr/bin/python3 -c 'import json; print(*(c for c in json.load(open("load.json"))["caveats"] if c["kind"] == "without_pose"))'
cmp -s on.json.digest off.json.digest || echo "the digests differ"
# A network that was asked for has to be there.
run score photos --quiet --config absent.yaml
run score photos --quiet --config damaged.yaml
run run single-load --dataset photos --quiet --config absent.yaml
run score photos --quiet --config off.yaml --stages quality,pose
# Where pose is left out, none is missing.
run score photos --quiet --config off.yaml --stages quality | grep -v good.jpg
export PHOTOFINISH_HISTORY=$PWD/history
photofinish history add off.json >/dev/null
photofinish history show last | grep -i 'without pose'
