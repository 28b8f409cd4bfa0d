#!/usr/bin/env bash
# No result overwrites another, nor a file that is read: said before work starts, and all is as it was.
mkdir photos hostile
make_hostile hostile
cp hostile/good.jpg photos/a.jpg
ln photos/a.jpg photos/b.jpg
ln -s photos/a.jpg link
ln -s new dangling
ln -s . again
sha256sum photos/*.jpg >before
run score photos --quiet --json new --csv ./new
run score photos --quiet --json new --csv dangling
run score photos --quiet --json again/new --best new
run score photos --quiet --json - --csv -
run score photos --quiet --json photos/b.jpg
run score photos --quiet --csv link
run score photos --quiet --csv again/photos/../photos/a.jpg
run run single-load --dataset photos --quiet --json x --trace again/x
run journey --dataset photos --quiet --json x --notebook x
run run single-load --dataset photos --quiet --trace photos/a.jpg
echo 'weights: {}' >config
run score photos --quiet --config config --json again/config
run time true --quiet --export-json x --export-csv x
run time true --quiet --export-json x --output again/x
run time cat --quiet --export-json before --input again/before
# shellcheck disable=SC2094
photofinish score photos --quiet --json out >out 2>err
echo "printed and written: $?"
sed 's/^/! /' err
export PHOTOFINISH_DATA=$WORK/data
run dataset import photos --name mine --quiet
run score mine --quiet --json "$PHOTOFINISH_DATA/mine/manifest"
sha256sum -c --quiet before && ls
echo '{}' >record.json
run notebook record.json -o again/record.json
cat record.json
