#!/usr/bin/env bash
# What every command says of itself.
run
run --help
run help
for command in journey run compare audit load soak time scaling history export score variants dataset "dataset make" "dataset list" "dataset verify" "dataset import"; do
    # shellcheck disable=SC2086
    run $command --help
done
run dataset
run --version | sed -e 's/[0-9][0-9.]*/N/g' -e 's/([A-Za-z]* build/(BUILD build/' -e 's/[A-Za-z]* kernels/SET kernels/' -e 's/^libjpeg.*/ENGINE/' -E -e 's/^(in|out): ([A-Za-z]+).*/BUILT \2/'
