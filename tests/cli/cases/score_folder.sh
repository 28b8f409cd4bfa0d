#!/usr/bin/env bash
# Folders that cannot be scored.
mkdir empty no_photos
echo text >no_photos/notes.txt
run score nowhere
run score empty
run score no_photos
run score no_photos/notes.txt
mkdir linked elsewhere
ln -s ../elsewhere linked/there
run score linked
mkdir bad
echo text >bad/a.jpg
: >bad/b.jpg
run score bad --quiet
run score $'no\e[31mwhere'
