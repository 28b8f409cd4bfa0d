#!/usr/bin/env bash
# Two variants against each other: what is said of it without the figures, and wrong command lines.
run compare --help
# Figures become N, the word WORD: how fast this machine is says nothing here.
words() {
    awk '/^(This machine was busy|Observer:)/{busy=1} /^$|^=/{busy=0} !busy' |
        sed -E -e 's/^tiny: .*/HEADING/' -e '/^(! )?NOT FOR TIMING/d' -e '/^([0-9]+ of [0-9]+ rounds are|[23] rounds give)/d' -e '/^placement|^workers? /d' \
        -e 's/  +/  /g' -e '/^[=$] /!{s/ [-+]?[0-9][0-9.]*( s| ms| MB)?/ N/g;s/N \+-[0-9.]+/N/g;s/\([0-9.]+/(N/g;}' \
        -e 's/^(.*) is (faster|slower) than (.*): N times/\1 WORD \3: N times/' \
        -e 's/^(.*) and (.*) are equivalent within N %: N times/\1 WORD \2: N times/' \
        -e 's/^undecided between (.*) and (.*): N times/\1 WORD \2: N times/' \
        -e 's/^(the verdict rests|a verdict takes|no verdict:) .*/BASIS/' -e '/^CPU time: /d' -e 's/^[-+]?[0-9.N]+ %: .*/SPLIT/' | grep -v '^$'
}
run compare parallel:workers=2 parallel:workers=1 --dataset tiny --rounds 2 --quiet | words
run compare single-load single-load --dataset tiny --rounds 1 --quiet | words
run compare single-load double-load --dataset tiny --until-decided --max-time 0.01 --quiet | words
echo 'weights: {sharpness: 2}' >other.yaml
run compare single-load other --command other='photofinish score {manifest} --json {scores} --quiet --config other.yaml' \
    --dataset tiny --quiet | words
run compare silent single-load --command silent='true {dataset}' --dataset tiny --quiet | words
run compare single-load
run compare one two three
run compare single-load nope
run compare null single-load
run compare single-load double-load --margin 0
run compare single-load double-load --alpha 1
run compare single-load double-load --rounds 0
run compare single-load double-load --max-time 0
run compare single-load double-load --dataset nowhere
run compare single-load double-load --dataset tiny --json nowhere/record.json
