#!/bin/sh
# An example for any other CI: gates the checked-out tree against where it branched off from main, and tells the verdicts
# apart. Usage: shell.sh [BRANCH]
base=$(git merge-base "${1:-origin/main}" HEAD) || exit 2
scripts/gate "$base" --junit gate.xml --json gate.json
case $? in
    0) echo "gate: passed" ;;
    1) echo "gate: a regression; see gate.xml" >&2; exit 1 ;;
    3) echo "gate: undecided; not stopped" >&2 ;;
    *) echo "gate: nothing could be judged" >&2; exit 2 ;;
esac
