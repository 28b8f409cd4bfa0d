#!/usr/bin/env bash
# --best: links or copies, never over a file that is something else.
mkdir -p hostile photos/sub
make_hostile hostile
cp hostile/good.jpg photos
quietly() { run score photos "$@" --progress never | grep -v '^ \|^burst\|^$'; }
quietly --best best
find best -type f | sort | cat -v
[ best/good.jpg -ef photos/good.jpg ] && echo "linked"
quietly --best best
mv photos/good.jpg $'photos/sub/n\e[31mame.jpg'
quietly --best best
find best -type f | sort | cat -v
mv photos/sub/* photos/good.jpg
if [ -d /dev/shm ] && other=$(mktemp -d -p /dev/shm) && [ "$(stat -c %d "$other")" != "$(stat -c %d photos)" ]; then
    photofinish score photos --best "$other/best" --progress never 2>&1 >/dev/null | sed "s,$other,OTHER,"
    cmp "$other/best/good.jpg" photos/good.jpg && echo "the same bytes"
    photofinish score photos --best "$other/best" --progress never 2>&1 >/dev/null | sed "s,$other,OTHER,"
    rm -rf "$other"
fi
rm best/good.jpg
echo "mine" >best/good.jpg
quietly --best best
cat best/good.jpg
rm best/good.jpg
ln -s /etc/hostname best/good.jpg
quietly --best best
mkfifo fifo_best
quietly --best fifo_best
quietly --best photos/good.jpg/x
ls photos

# What is in the way of one photo is in no other's: the rest is put there, and it is listed.
photofinish score tiny --best all --quiet >/dev/null 2>&1
first=$(find all -type f | sort | head -1)
find all -type f ! -path "$first" -delete
rm "$first" && echo "mine" >"$first"
photofinish score tiny --best all --quiet 2>&1 >/dev/null | grep -c "another file\|1 best shot could not"
find all -type f | wc -l
cat "$first"
