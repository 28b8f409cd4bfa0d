#!/usr/bin/env bash
# What --memory adds below the table, with all that was measured taken out; and the process that looks for leaks at the end
# of a sanitized one, beside which main has a line of its own.
figures() {
    sed -n '/^Memory/,$p' | sed -E -e 's/[0-9.]+ [kMG]?B\b/BYTES/g' -e 's/[0-9]+ +[0-9.]+ %.*/SAMPLES COST LINE/' -e 's/ +[0-9]+ +[.:=+*%# -]+$/ SAMPLES LINE/' -e 's/ +/ /g' -e '/^ other /d'
}
run run single-load --dataset tiny --quiet --memory | figures | sed '/^ main BYTES/d'
COLUMNS=80 run compare single-load pipelined:workers=1 --rounds 2 --dataset tiny --quiet --memory | figures
COLUMNS=80 run run single-load --dataset tiny --quiet --memory | awk 'length > 80 && !/^[$]/'
