#!/usr/bin/env bash
# Variants from shared objects: the example takes part, and each fault is one line.
cp "$(dirname "$(command -v make_hostile)")"/plugins/*.so .
run variants --plugin ./interleaved.so --diff parallel interleaved
run journey --only parallel,interleaved --plugin ./interleaved.so --dataset tiny --rounds 1 --quiet | grep -E '^(\$|=|interleaved)' | sed -E 's/ x[0-9]+ .* (no gain|kept|rejected) .* /... VERDICT ... /'
run run interleaved:workers=3 --plugin ./interleaved.so --dataset tiny --quiet --json - | /usr/bin/python3 -c '
import json, sys
text = sys.stdin.read()
record = json.loads(text[text.index("\n"):text.index("\n= ")])
variant = record["variants"][0]
print(variant["name"], variant["status"], variant["parent"], variant["outside"]["plugin"], len(variant["outside"]["sha256"]))'
run score tiny --variant interleaved --plugin ./interleaved.so --quiet | tail -2
for fault in old_contract no_struct no_symbol bad_name taken_name no_parent missing_symbol dies_loading ends_loading no_tolerance \
    unasked_tolerance bad_tolerance no_bounds own_caps unknown_caps never_loads; do
    run variants --plugin ./$fault.so
done
run journey --plugin ./other_size.so --dataset tiny | sed -E 's/has [0-9]+: build/has N: build/'
run run single-load --plugin nowhere.so --dataset tiny
run score tiny --plugin . --quiet
run journey --plugin ./interleaved.so --plugin ./interleaved.so
echo "not a shared object" >text.so
run variants --plugin ./text.so
run run faulty --plugin ./dies_running.so --dataset tiny --quiet | tail -3
run run faulty --plugin ./shrinks.so --dataset tiny --quiet | tail -3
run run faulty --plugin ./scribbles.so --dataset tiny --quiet --counters instructions | grep '^faulty'
run score tiny --variant faulty --plugin ./loses.so --best best --quiet | tail -3
