#!/usr/bin/env bash
# Approximate scores: a plug-in is held to what it states, and every export says that they are not identical.
cp "$(dirname "$(command -v make_hostile)")"/plugins/near_*.so .
run variants --plugin ./near_within.so | sed -nE '/^(=|exit|-+ )/p; /^near/,/^null/{/^null/!p}'
figures() {
    grep -E '^(=|!|[a-z-]+ .*(approximate|identical|wrong|invalid| -$))|held up' |
        sed -E -e '/^[a-z ]+ against /d' -e 's/ (kept|rejected|no gain) +([0-9.]+ m?s)/ VERDICT \2/' -e 's/ +[0-9.]+ m?s.* ([a-z-]+)$/ ... \1/'
}
for kind in within outside reordered; do
    echo "-- $kind"
    run journey --only single-load,near --plugin "./near_$kind.so" --dataset tiny --stages facts,decode,quality --rounds 2 --quiet --json $kind.json | figures
done
for format in csv benchmark openmetrics markdown junit; do
    for kind in within outside; do
        photofinish export $kind.json --format $format | tr -d '*' | grep -q 'approximate: 41 measures' && echo "$format, $kind: approximate"
    done
done
photofinish notebook within.json | grep -E '^\| near \| (kept|rejected|no gain)|approximate:' | sed -E -e 's/[0-9.]+ m?s.*/.../' -e 's/(near \|) [a-z]+( gain)?/\1 VERDICT/'
photofinish export within.json --format markdown | grep -v '^- near, ' | grep -E 'approximate|identical|compared' | sed -E 's/[0-9.]+ m?s.* \| /... | /'
run audit ./near_within.so --dataset tiny --photos 4 --rounds 0 --stages facts,decode,quality --quiet | grep -E '^(fresh|swapped|=)|fresh_photos'
