#!/usr/bin/env bash
# Tables in a terminal of 80 columns: what does not fit goes on a second line, and no line is longer.
export PHOTOFINISH_HISTORY=$WORK/history
there() { /usr/bin/python3 "$ROOT/tests/cli/in_terminal.py" 80 "$@"; }
# What differs from run to run is only looked at for lines that are too long.
too_long() {
    echo "-- $*"
    there "$@" >shown || echo "status $?"
    awk 'length > 80' shown
}
for name in journey compare; do
    photofinish history add "$ROOT/tests/cli/stored/$name.json" >id
    echo "-- $name"
    there photofinish history show "$(cut -c 1-8 id)"
done
echo "-- lists"
there photofinish history list
there photofinish history trend parallel
there photofinish variants
there photofinish variants --diff double-load parallel
quick="--dataset tiny --stages facts,decode,quality --quiet"
# shellcheck disable=SC2086
{
    too_long photofinish run parallel $quick --counters software --spans --memory --allocations
    too_long photofinish journey $quick --only double-load,parallel --rounds 2 --goal 4h --price-per-hour 2.5 --counters software
    too_long photofinish sweep parallel --dataset tiny --workers 1,2,3 --rounds 1 --quiet
}
too_long photofinish score tiny --quiet
too_long photofinish doctor --quick
too_long photofinish time --progress never --rounds 2 true 'sleep 0.01'
too_long photofinish dataset list
