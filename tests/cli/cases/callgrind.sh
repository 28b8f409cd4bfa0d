#!/usr/bin/env bash
# Instructions of the scoring kernel under callgrind. Only quality is judged, as valgrind is slow; figures become N.
mkdir photos
first=$(find "$PHOTOFINISH_DATA/tiny" -name '*.jpg' | sort | head -1)
cp "$first" photos/
instructions() {
    sed -n -e '/held up/p' -e '/^Instructions/,$p' | sed -E -e '/most in:/,/Its scores/{/Its scores/!d}' \
        -e 's/[0-9]+\.[0-9]+ %/N %/' -e 's/% +[0-9]+$/% N/' -e 's/  +/  /g'
}
# A build with sanitizers cannot run under valgrind: that it says so is all that there is to see.
if photofinish run single-load --dataset photos --stages quality --counters instructions:valgrind --quiet --json record.json >out 2>err &&
    ! grep -q 'valgrind cannot run a build with sanitizers' out; then
    instructions <out
    python3 - <<'END'
import json
found = json.load(open("record.json"))["callgrind"]
photo, = found["photos"]
parts = photo["stages"]
print("the stages are the photo:", 0.99 < sum(parts.values()) / photo["instructions"] <= 1)
print("decode and quality are most of it:", parts["decode"] + parts["quality"] > 0.9 * photo["instructions"])
print("faces take no part:", parts["faces"] < 1000)
print(found["unavailable"], found["network_isa"], found["largest_score_difference"] < 1e-6, len(found["top"]) > 3)
END
    # What is not installed is said, and the run's figures stand all the same.
    PATH=$(dirname "$(command -v photofinish)") photofinish run single-load --dataset photos --stages quality \
        --counters instructions:valgrind --quiet | instructions
elif [ ! -s err ]; then
    sed -n '/^Instructions/,/^--- stderr/p' "$ROOT/tests/cli/cases/callgrind.golden" | sed '$d'
fi
cat err
