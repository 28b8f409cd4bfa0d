#!/usr/bin/env bash
# Where results go, and what is said when they cannot go there.
mkdir photos hostile
make_hostile hostile
cp hostile/good.jpg photos
strip() { /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    record = json.loads(line)
    print(sorted(record), record["path"], record["status"])'; }
photofinish score photos --quiet --json - | strip
photofinish score photos --quiet --csv - | cut -d, -f1-5
run score photos --quiet --json nowhere/scores.jsonl
run score photos --quiet --csv nowhere/scores.csv
run run single-load --dataset photos --quiet --json nowhere/run.json
run score photos --quiet --json photos
mkdir full && printf '{}\n' >kept.json
run score photos --quiet --json kept.json >/dev/null
strip <kept.json
ls
# A device of this case's own where that can be made: a defect could replace it.
full=/dev/full
# Standard output is a pipe that nobody reads any more.
to_closed_pipe() {
    /usr/bin/python3 -c '
import os, signal, sys
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}
mknod mine.full c 1 7 2>/dev/null && full=mine.full
for option in --json --csv; do
    photofinish score photos --quiet $option - >"$full"
    echo "full $option: $?"
    to_closed_pipe photofinish score photos --quiet $option -
    echo "closed pipe $option: $?"
    photofinish score photos --quiet $option "$full" 2>&1 >/dev/null | sed 's,[^ ]*full:,FULL:,'
    echo "to the full device $option: ${PIPESTATUS[0]}"
done
photofinish score photos --quiet >/dev/full
echo "full: $?"
to_closed_pipe photofinish score photos --quiet
echo "closed pipe: $?"
photofinish run single-load --dataset photos --quiet >/dev/full
echo "full run: $?"
photofinish run single-load --dataset photos --quiet --json - >/dev/full
echo "full record: $?"
photofinish --help >/dev/full
echo "full help: $?"
photofinish variants >/dev/full
echo "full variants: $?"
[ -c "$full" ] && echo "the device is still a device"
photofinish score photos --quiet --json /dev/stdout | tail -1 | strip
