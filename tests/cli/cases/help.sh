#!/usr/bin/env bash
# What every command says of itself.
run
run --help
run help
run help run
run help dataset list
commands=(journey run compare audit load soak profile time gate calibrate sweep bench complexity history export notebook score work variants accuracy model doctor limits explain dataset "dataset make"
    "dataset list" "dataset verify" "dataset import" "dataset rm")
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    run $command --help
done
run dataset
run --version | sed -e 's/[0-9][0-9.]*/N/g' -e 's/([A-Za-z]* build/(BUILD build/' -e 's/[A-Za-z]* kernels/SET kernels/' -e 's/^libjpeg.*/ENGINE/' -E -e 's/^(in|out): ([A-Za-z]+).*/BUILT \2/'
# None takes more than the 80 columns of a terminal.
{ photofinish --help; photofinish dataset --help; for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    photofinish $command --help
done; } | awk 'length > 80'
