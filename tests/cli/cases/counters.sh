#!/usr/bin/env bash
# Counters on a machine without a PMU, the kernel's software events, and wrong lists. (What a PMU answers is a
# recording's part: tests/unit/test_counters.c.)
# What stands below the table, without this machine's energy.
counters() {
    sed -n -e '/held up/p' -e '/^Counters/,$p' | sed '/^  Energy/,/^=/{/^=/!d}'
}
# Where there is a PMU, these lines are other ones, and are not put to the test.
if [ -e /sys/bus/event_source/devices/cpu ] || [ -e /sys/bus/event_source/devices/cpu_core ]; then
    sed -n '/^Counters/,/^$/p' "$ROOT/tests/cli/cases/counters.golden"
else
    run run single-load --dataset tiny --counters instructions,branch --quiet | counters
fi
photofinish run single-load --dataset tiny --counters page-faults --quiet --json record.json | grep -c '^  page-faults  *[1-9]'
python3 - <<'END'
import json
trial = json.load(open("record.json"))["variants"][0]["trials"][0]
event = trial["counters"]["events"][0]
stages = trial["counters"]["stages"]
print(event["name"], event["scope"], event["unavailable"], event["running_share"], trial["counters"]["read_ns"] > 0)
print(sorted(stages))
print("what the stages counted is in the whole:",
      0 < sum(stage["page-faults"]["value"] for stage in stages.values()) <= event["value"])
END
run run single-load --dataset tiny --counters cycles,,branch
run run single-load --dataset tiny --counters cycles,no-such-event | sed 's/libpfm4: .*/libpfm4: WHY/'
run compare single-load double-load --dataset tiny --counters ''
run journey --only single-load --dataset tiny --counters
