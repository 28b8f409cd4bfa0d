#!/usr/bin/env bash
# Where nothing is scored there is nothing to compare, and nothing is "identical".
export PHOTOFINISH_DATA=$WORK/data
mkdir texts
for name in a b c; do echo "no photo $name" >texts/$name.jpg; done
run dataset import texts --name texts --quiet
run run single-load --dataset texts --quiet --json record.json
run compare single-load parallel --dataset texts --quiet --rounds 3
run journey --only null,single-load --dataset texts --quiet --rounds 1
run sweep parallel --dataset texts --quiet --workers 1 --rounds 1
run load single-load --scenario offline --dataset texts --quiet
run load single-load --dataset texts --quiet --queries 3
run soak single-load --dataset texts --quiet --photos 60
run audit single-load --dataset texts --quiet --rounds 0
run score texts --quiet
ls data/.references record.json
