#!/usr/bin/env bash
# Committed records (tests/cli/stored/make makes them anew), rendered with all their figures: the table, claims and goal of a
# journey, a comparison, the notebook, every export.
export PHOTOFINISH_HISTORY=$WORK/history COLUMNS=120
for name in journey compare; do
    photofinish history add "$ROOT/tests/cli/stored/$name.json" >id
    run history show "$(cut -c 1-8 id)" | sed '1s/show .*/show ID/'
    for format in csv benchmark openmetrics markdown junit; do
        echo "-- $name as $format"
        photofinish export "$ROOT/tests/cli/stored/$name.json" --format $format | sed 's/\r$/<CR>/'
    done
done
echo "-- the notebook"
photofinish notebook "$ROOT/tests/cli/stored/journey.json"
