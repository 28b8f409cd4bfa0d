#!/usr/bin/env bash
# The history without records, and wrong uses of it and of export. What is in it is tests/cli/history.py's.
export PHOTOFINISH_DATA=$WORK/data PHOTOFINISH_HISTORY=$WORK/history
run history list
run history list --dataset tiny
run history trend parallel
run history rebuild
run history show last
run history show 12
run history show
run history rm
run history rm abcd
run history list more
run history shown
run history
run history trend parallel --against rivals
run history list --last 0
PHOTOFINISH_HISTORY='' run history list
PHOTOFINISH_HISTORY=/proc/nowhere run history list
run history add nowhere.json
run export nowhere.json --format csv
run export abcdef --format csv
run export nowhere.json
run export
run export nowhere.json --format xml
