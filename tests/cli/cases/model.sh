#!/usr/bin/env bash
# Networks: what a file holds, whether the backends agree, bad files; keypoints against the truth of a dataset.
model=$ROOT/core/models/pose.onnx
run model info "$model"
run model info "$model" --shape 1x3x64x96
run model check "$model" --shape 1x3x64x96 | sed -E -e 's/[0-9.]+e-[0-9]+/TINY/' -e '/^=/!s/ +0$/ TINY/' -e 's/ +/ /g'
run model info "$model" --shape 1x3x64
run model info "$model" --shape 3by4
printf '<?xml version="1.0"?>' >page.onnx
head -c 1000 "$model" >cut.onnx
: >empty.onnx
run model info page.onnx
run model info cut.onnx
run model info empty.onnx
run model info nowhere.onnx
run model look "$model"
run accuracy --dataset tiny --quiet | sed -E -e 's/[0-9]+\.[0-9]+/N/g' -e 's/to [0-9]+/to N/'
run accuracy --dataset tiny --quiet --json - | /usr/bin/python3 -c '
import json, sys
text = sys.stdin.read()
record = json.loads(text[text.index("{"):text.rindex("}") + 1])
print(record["schema"], record["photos"], sorted(record["pck"])[:4], len(record["pck"]["keypoints"]), record["best_shot"]["bursts"])'
# A variant with the same bits loses nothing; eight photos are no verdict. One without strategies is the plain path itself.
run accuracy --dataset tiny --quiet --variant fast-exact | sed -n '/^fast-exact against/,$p' | sed -E 's/[0-9]+\.[0-9]+/N/g'
run accuracy --dataset tiny --quiet --variant parallel
run accuracy --dataset tiny --quiet --variant nobody
run accuracy --dataset "$PHOTOFINISH_DATA/tiny/photos" --quiet
# 20 million numbers that are computed while loading: 76 MiB.
printf '\x08\x08\x3a\x34\x0a\x17\x0a\x01\x73\x12\x01\x79\x22\x0f\x43\x6f\x6e\x73\x74\x61\x6e\x74\x4f\x66\x53\x68\x61\x70\x65\x12\x01\x67\x2a\x11\x08\x01\x10\x07\x42\x01\x73\x4a\x08\x00\x2d\x31\x01\x00\x00\x00\x00\x62\x03\x0a\x01\x79\x42\x04\x0a\x00\x10\x0d' >large.onnx
run model info large.onnx
run model info large.onnx --max-constants 128 | head -2
