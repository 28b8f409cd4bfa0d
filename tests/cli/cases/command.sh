#!/usr/bin/env bash
# Programs from outside take part: approximate, exact, and what goes wrong with them.
export TMPDIR=$WORK/tmp
mkdir tmp
figures() {
    grep -E '^(\$|=|!|[a-z-]+ .*(approximate|identical|failed|wrong|invalid|timeout)|Scores not)' | grep -v 'held up' |
        sed -E -e '/^[a-z ]+ against /d' -e 's/ (kept|rejected|no gain) +([0-9.]+ m?s)/ VERDICT \2/' -e 's/ +[0-9.]+ m?s.*(approximate:|identical)/ ... \1/' -e 's/[0-9.]+ m?s( \+-[0-9.]+)?/TIME/g' -e 's/tmp.photofinish-\w+/VIEW/'
}
python="/usr/bin/python3 $ROOT/docs/examples/command_opencv.py {dataset} {scores}"
run journey --only null,opencv,exact,bare --dataset tiny --rounds 1 --quiet --json run.json --command "opencv=$python" \
    --command 'exact=photofinish score {manifest} --variant single-load --quiet --json {scores} >/dev/null' \
    --command 'bare=true' | figures
/usr/bin/python3 -c '
import json
for variant in json.load(open("run.json"))["variants"]:
    trial = variant["trials"][0]
    tolerance = trial["tolerance"] and sorted(trial["tolerance"]["measures"])
    print(variant["name"], variant["status"], trial["checked"], trial["wall_ns"] is None, trial["unchecked_wall_ns"] is None, tolerance)'
try() {
    echo "-- $1"
    photofinish run it --dataset tiny --quiet --command "it=$1" 2>&1 | figures
    echo "= ${PIPESTATUS[0]}"
}
declared='{"photofinish":"scores/1","tolerance":{"measures":{"width":0.5}}}'
for line in 'cp {score} x' 'x {workes} {manifest}' 'x {Dataset}' "awk '{print}' {dataset}"; do
    photofinish run it --dataset nowhere --quiet --command "it=$line" 2>&1
done
photofinish journey --only null --dataset nowhere --command 'it=true' 2>&1
photofinish run it --dataset tiny --quiet --command 'it=sleep 0.1' 2>&1 | grep -E '^(step|Scores not)' | figures
echo "= ${PIPESTATUS[0]}"
photofinish soak single-load --dataset tiny --quiet --photos 8 2>err >/dev/null
photofinish soak single-load --dataset tiny --quiet --photos 40 2>>err >/dev/null
cat err
try "echo one; echo 'two words' >&2; exit 3"
try 'kill -SEGV $$'
try 'echo garbage >{scores}'
try 'echo {} >{scores}'
try "echo '{\"photofinish\":\"scores/2\"}' >{scores}"
try "echo '{\"photofinish\":\"scores/1\",\"tolerance\":{\"measures\":{\"widht\":1}}}' >{scores}"
try "echo '$declared' >{scores}"
try "{ echo '$declared'; echo '{\"index\":8,\"status\":\"ok\"}'; } >{scores}"
try "{ echo '$declared'; echo '{\"index\":0,\"status\":\"ok\"}'; } >{scores}"
try "{ echo '$declared'; for i in 0 1 2 3 4 5 6 7; do echo '{\"index\":'\$i',\"status\":\"ok\",\"measures\":{\"width\":7}}'; done; } >{scores}"
try 'find {dataset} -type l | wc -l >&2; stat -c %a {dataset} >&2; exit 1'
# Nothing is left of what a command started: after the time limit, an interrupt, the death of the harness.
mark=98${$}7
left() {
    for _ in $(seq 3000); do
        pgrep -f "sleep $mark" >/dev/null || return 0
        sleep 0.1
    done
    echo "something is left running"
}
echo "-- too long, with a child"
photofinish run it --dataset tiny --quiet --timeout 0.5 --command "it=sleep $mark & sleep $mark; true" 2>&1 | figures
left
start() {
    photofinish run it --dataset tiny --quiet --command "it=trap 'exit 7' TERM; touch begun; sleep $mark & wait; true" >out 2>&1 &
    harness=$!
    for _ in $(seq 12000); do
        [ -e begun ] && break
        sleep 0.05
    done
    rm -f begun
}
echo "-- interrupted"
start
kill -INT $harness
wait $harness
echo "= $?"
grep -c PARTIAL out
left
ls tmp
echo "-- the harness dies"
start
disown $harness # or bash would tell of its end
kill -KILL $harness
left
run journey --command nope
run journey --command 'Bad=true'
run journey --command 'single-load=true'
run journey --command 'a='
