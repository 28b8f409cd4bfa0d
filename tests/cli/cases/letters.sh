#!/usr/bin/env bash
# Which option each short form is, of all commands: one letter has one meaning (those of `time` are hyperfine's).
commands="accuracy audit compare dataset doctor export gate history journey load model notebook run score soak sweep time variants"
for command in $commands; do
    photofinish "$command" --help | sed -nE "s/^ +(-[A-Za-z]), (--[a-z-]+).*/\1 \2 $command/p"
done | sort | awk '{ key = $1 " " $2; if (key != last) printf "%s%s:", last ? "\n" : "", key; printf " %s", $3; last = key } END { print "" }'
