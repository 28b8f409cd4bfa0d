#!/usr/bin/env bash
# Where the time went: the report of spans without its figures, and whether those of record and trace file add up.
names() { # stages and their spans; what follows them by its first words
    awk '/^Spans of/{on=1} /^= /{on=0; print} on' |
        sed -E -e 's/^(Spans of .* in round [0-9]+).*/\1/' -e 's/^( *[a-z.]+ +[0-9]+) .*/\1/' -e 's/^(stage|unattributed|of its time).*/\1/' \
            -e 's/^(Workers busy at once|Of what is unattributed|The critical path).*/\1/' \
            -e 's/^( +)[0-9.]+ m?s +to +[0-9.]+ m?s +(main|worker).*/  FROM to TO \2/' -e 's/^(main|worker [0-9]+) .*/\1/' -e '/^([a-z]+ )?([0-9.]+ )?%/d' | uniq
}
COLUMNS=200 run run single-load --dataset tiny --quiet --spans --trace trace.json --json run.json | names
/usr/bin/python3 - <<'PY'
import json
trial = json.load(open("run.json"))["variants"][0]["trials"][0]
spans, stages = trial["spans"], trial["stages"]
window = spans["to_ns"] - spans["from_ns"]
print("own times and the rest fill the life:", sum(s["wall_ns"] for s in stages.values()) + spans["unattributed_ns"] == spans["lifetime_ns"])
print("CPU time and waits fit into them:", all(s["cpu_ns"] + (s["run_delay_ns"] or 0) + s["waited_ns"] <= s["wall_ns"] + 1000 for s in stages.values()))
print("parts fit into their stage:", all(sum(p["wall_ns"] for p in s["parts"].values()) <= s["wall_ns"] for s in stages.values()))
print("overlap fills the trial:", sum(spans["workers_busy_ns"]) == window == trial["wall_ns"])
print("each slot's times do:", all(sum(slot[k] for k in ("busy_ns", "starved_ns", "between_ns", "not_begun_ns", "finished_ns")) == window for slot in spans["slots"]))
print("the critical path does:", sum(spans["critical_path"]["stages"].values()) == window)
print("nothing is lost:", spans["overwritten"] + spans["too_deep"] + spans["unbalanced"] + spans["lost_paths"] == 0)
events = json.load(open("trace.json"))["traceEvents"]
spans_of = {}
for event in events:
    if event["ph"] == "X":
        spans_of[event["name"]] = spans_of.get(event["name"], 0) + 1
print("events:", json.dumps(spans_of, sort_keys=True), sorted({e["cat"] for e in events if e["name"] == "decode"})[0])
print("a stage is one name, whatever groups by name and args:", not any("args" in e for e in events if e["ph"] == "X"))
print("every event has a time:", all("ts" in e for e in events))
print("threads:", [e["args"]["name"] for e in events if e["ph"] == "M"][:2])
within = [e for e in events if e["name"] == "pose.network"]
poses = [e for e in events if e["name"] == "pose"]
open_spans, strict = {}, True # in whole nanoseconds: of two spans of a thread one lies within the other, or behind it
for e in sorted((e for e in events if e["ph"] == "X"), key=lambda e: (e["ts"], -e["dur"])):
    begin, end = round(e["ts"] * 1000), round(e["ts"] * 1000) + round(e["dur"] * 1000)
    stack = open_spans.setdefault((e["pid"], e["tid"]), [])
    while stack and stack[-1] <= begin:
        stack.pop()
    strict = strict and (not stack or end <= stack[-1])
    stack.append(end)
print("spans nest strictly:", strict)
print("networks run within poses:", all(any(p["ts"] <= w["ts"] and w["ts"] + w["dur"] <= p["ts"] + p["dur"] + 0.001 for p in poses) for w in within))
PY
run run parallel:workers=2 --dataset tiny --quiet --spans | names | grep -v -e 'FROM to TO' -e '^wait ' # who it goes through, and who waits, is a matter of luck
run run null --dataset tiny --quiet --trace no/such/folder/trace.json
run run none --command 'none=true {dataset} {scores}' --dataset tiny --quiet --trace trace2.json | grep trace2
ls
