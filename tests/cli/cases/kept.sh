#!/usr/bin/env bash
# A run that fails or is stopped takes nothing away: whole results stay, a part says that it is one.
export PHOTOFINISH_DATA=$WORK/data
mkdir photos texts hostile
make_hostile hostile
for name in a b c d e f g h; do cp hostile/good.jpg photos/$name.jpg; done
cp "$(dirname "$(command -v make_hostile)")"/plugins/dies_running.so .
for name in a b c; do echo "no photo" >texts/$name.jpg; done
show() {
    for file in "$@"; do
        echo "$file: $(wc -l <"$file") lines"
        grep -oE '^\{"done".*|^,partial,[^,]*' "$file"
    done
}
run score texts --quiet --json part.jsonl --csv part.csv --best best
show part.jsonl part.csv
echo "a part is replaced by a part, and by all; by a part no more:"
run score texts --quiet --json part.jsonl --csv part.csv
run score photos --quiet --json part.jsonl --csv part.csv --best best
sha256sum part.jsonl part.csv >whole
run score texts --quiet --json part.jsonl --csv part.csv --best best
run score photos --quiet --json part.jsonl --csv part.csv --variant faulty --plugin ./dies_running.so
: >empty.jsonl
photofinish score photos --quiet --json empty.jsonl --variant faulty --plugin ./dies_running.so >out 2>err
echo "an empty file: $?"
show empty.jsonl
sha256sum -c whole
ls best
