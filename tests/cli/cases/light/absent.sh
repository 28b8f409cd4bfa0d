#!/usr/bin/env bash
# What the light build says of commands that need the engine.
run | sed -E 's/(no engine: ).*(journey).*/\1\2 .../;s/^(! )?  [a-z]+ .*/COMMAND/;/^(! )?     /d'  | uniq
run --version | sed -e 's/[0-9][0-9.]*/N/g' -e 's/([A-Za-z]* build/(BUILD build/'
run journey
run run parallel
run score . --help
run trial parallel
run compare parallel single-load
run compare --help | head -5
run nope
# What is there, without an engine.
run history list
run export nowhere.json
run doctor --nope
