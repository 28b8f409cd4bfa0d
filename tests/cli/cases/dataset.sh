#!/usr/bin/env bash
# Datasets: made, listed, verified, imported, and everything that can go wrong with them.
export PHOTOFINISH_DATA=$WORK/data
sizes() { sed -E 's/[0-9]+ (kB|MB)/SIZE/; s/[0-9]+(\.[0-9]+)? MP\/s/RATE/; s/in [0-9.]+ m?s/in TIME/'; }
run dataset list | head -5
run dataset make nowhere
run dataset make tiny --name ../up
run dataset make tiny --name a/b
run dataset make tiny --workers 0
run dataset make tiny --quiet
run dataset make tiny --quiet
run dataset make smoke --name tiny --quiet
run dataset verify tiny --quiet
run dataset verify nowhere
run dataset list | head -4 | sizes
for _ in 1 2; do # the reference's scores are kept beside it
    photofinish run null --dataset tiny 2>&1 >/dev/null | grep '^reference'
done

photo=$(find data/tiny/photos -name '*.jpg' | sort | sed -n 3p)
printf 'photofinish' | dd of="$photo" bs=1 seek=5000 conv=notrunc status=none
other=$(find data/tiny/photos -name '*.jpg' | sort | sed -n 5p)
rm "$other"
cp "$photo" data/tiny/photos/extra.jpg
names() { sed -E "s,photos/[A-Za-z0-9_]+_0*([0-9]+).jpg,photos/NAME_\1.jpg,"; }
run dataset verify tiny --quiet | names
run run single-load --dataset tiny --quiet | names

mkdir mine
make_hostile mine
run dataset import mine
run dataset import mine --name mine --quiet | sizes
run dataset import mine --name mine --quiet
run dataset import mine --name mine --force --quiet | sizes
run dataset import mine --name tiny --force --quiet
run dataset import nowhere --name other
run dataset import mine/good.jpg --name other
run dataset import mine --name .hidden
run dataset verify mine --quiet
mkfifo data/mine/x.jpg
printf 'photofinish-manifest\t1\nname\tbad\nroot\t.\ncount\t1\n-\t1\t../secret.jpg\n' >bad.manifest
run dataset verify bad.manifest
run score bad.manifest
run dataset list | sed -n 1,5p | sizes
ls mine
# Removed goes what was made or imported, and nothing that is somebody's own.
run dataset rm nowhere
rm -f data/mine/x.jpg
ln -s ../mine data/link
mkdir data/other
run dataset rm link other
run dataset rm tiny mine
find data mine -not -path '*/.references/*' | sort
run dataset rm tiny
run dataset make tiny --quiet
