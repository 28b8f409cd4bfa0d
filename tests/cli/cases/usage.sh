#!/usr/bin/env bash
# Wrong command lines: one line that says what is wrong and where help is, status 2.
run nope
run journye
run help scroe
run score . --qiuet
run score . --memory-limit 3parsecs
run run paralel
run run parallel:worker=2
run run parallel --dataset tinny
run dataset mkae
run compare single-load double-load --max-time 60x
run load single-load --slo p95=200
run soak single-load --duration 0
run $'no\e[31mpe'
run --nope
run score
run score a b
run score . --nope
run score . -z
run score . --workers
run score . --workers 0
run score . --workers 1025
run score . --workers two
run score . --timeout 0
run score . --progress sometimes
run score . --quiet=yes
run score . --json ''
run score . --placement nowhere
run score . --json - --csv -
run score . --variant nope
run score . --variant null
run score . --variant reference
run score . --variant single-load:workers=2
run score . --variant parallel:workers=0
run score . --variant parallel:nope=1
run score . --variant parallel:workers
run score . --config nowhere.yaml
echo 'weights: {sharpnes: 1}' >config.yaml
run score . --config config.yaml
echo 'max_scans: 1000000000' >config.yaml
run score . --config config.yaml
run run
run run nope
run run parallel single-load
run run parallel --repetitions 0
run run parallel --seed -1
run run parallel --seed 99999999999999999999
run journey extra
run journey --rounds 0
run journey --rounds 1.5
run journey --dataset nowhere
run variants one
run variants one two
run variants --diff one
run variants --diff parallel nope
run trial parallel
run trial
run dataset nope
run dataset make
run dataset verify
run dataset import .
run journey --only nope,parallel
run journey --only null,null
run sweep parallel --workers 2,1
run sweep parallel --workers 0
run sweep parallel --workers 1,,2
run sweep null --workers 1,2
run sweep nope
run sweep parallel --chunk 2
run sweep chunked --chunk x
run sweep parallel --photo-size 0
run journey --goal 4
run journey --goal 4hours
run journey --goal 4h --photos 0
run journey --goal 4h --price-per-hour -1
run journey --photos 100
run journey --until-goal
run journey --price-per-hour 1
