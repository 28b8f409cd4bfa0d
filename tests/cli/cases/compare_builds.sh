#!/usr/bin/env bash
# Trials of two builds against each other: of a copy, and of programs that are not what they should be.
program=$(readlink -f "$(command -v photofinish)")
mkdir copy
cp -P "$program" "$(dirname "$program")"/{libphotofinish.so*,photofinish_opencv.so} copy/
words() {
    awk '/^This machine was busy/{busy=1} /^$|^=|@/{busy=0} !busy' |
        sed -E -e 's/^tiny: .*/HEADING/' -e '/^ *(! )?NOT FOR TIMING/d' \
        -e '/^([0-9]+ of [0-9]+ rounds are|[23] rounds give)/d' -e '/^placement|^workers? /d' \
        -e '/^[=$] /!s/@[0-9a-f]{8}/@ID/g' -e 's/  +/  /g' \
        -e '/^[=$] /!{s/ [-+]?[0-9][0-9.]*( s| ms| MB)?( |$)/ N\2/g;s/N \+-[0-9.]+/N/g;}' \
        -e 's/^(.*) is (faster|slower) than (.*): .*/\1 WORD \3/' \
        -e 's/^(.*) and (.*) are equivalent within .*/\1 WORD \2/' \
        -e 's/^undecided between (.*) and (.*): .*/\1 WORD \2/' \
        -e 's/^(the verdict rests|a verdict takes) .*/BASIS/' -e 's/^[-+]?[0-9.N]+ %: .*/SPLIT/' | grep -E '^([$=!]|HEADING|  time|single-load|one pair|BASIS|SPLIT|No pair)'
}
run compare single-load single-load@copy --dataset tiny --rounds 2 --quiet | words
run compare single-load@copy/photofinish single-load@copy --dataset tiny --rounds 1 --quiet --json record.json | words
/usr/bin/python3 - <<'END'
import hashlib, json, jsonschema, os
record = json.load(open("record.json"))
jsonschema.validate(record, json.load(open(os.environ["ROOT"] + "/docs/run-schema.json")))
builds = [variant["build"] for variant in record["variants"]]
print(builds[0] == builds[1], sorted(builds[0]))
for name, file in (("program_sha256", "copy/photofinish"), ("engine_sha256", "copy/libphotofinish.so")):
    print(builds[0][name] == hashlib.sha256(open(file, "rb").read()).hexdigest())
print(builds[0]["id"] == hashlib.sha256((builds[0]["program_sha256"] + builds[0]["engine_sha256"]).encode()).hexdigest())
END
# The record has it all but where the other build lay.
(
    export PHOTOFINISH_HISTORY=$PWD/history
    photofinish compare single-load single-load@copy --dataset tiny --rounds 1 --quiet | sed -E 's|(@[0-9a-f]{8}: )/.*/copy/photofinish, |\1|' >printed
    photofinish history show last >shown
    diff printed shown | grep '^[<>]'
)
run compare single-load single-load@nowhere
run compare single-load single-load@/bin/true
run compare single-load single-load@/bin
run compare single-load single-load:nope=1@copy
run compare single-load null@copy
run compare single-load ./copy
run compare own@copy single-load --command own='true {dataset}'
# A build that shares other structures, lacks the variant or has another one of its name.
answer() {
    printf '#!/bin/sh\n' >other
    echo "$PWD/copy/photofinish \"\$@\" | sed -E '$1'" >>other
    chmod +x other
    run compare single-load single-load@other --dataset tiny | sed -E 's/(layout|here) [0-9a-f]{16}/\1 LAYOUT/g'
}
answer 's/("layout":").{4}/\1abcd/'
answer 's/"variant":"[^"]*"/"variant":null/'
answer 's/"variant":"[^"]*"/"variant":"caps 2, chunk"/'
answer 's/"version":"[^"]*"/"version":1/'
answer 's/("engine_sha256":")./\1x/'
(
    export PHOTOFINISH_TIME_UNFIT_BUILD=0 # builds with sanitizers run these cases, too, and say it of themselves
    answer 's/"unfit":""/"unfit":"built with sanitizers"/' | sed 's|WORK/other: ||;s|^! photofinish: .*/other: |! photofinish: |'
)
# What is asked well and then runs something else is a crash or a failure like any other.
{
    echo '#!/bin/sh'
    echo "[ \$2 = --build ] && exec $PWD/copy/photofinish \"\$@\""
    printf 'echo no trial here\nexit 7\n'
} >other
run compare single-load single-load@other --dataset tiny --rounds 1 --quiet | words
# A trial looks for itself, too, whether it shares what the harness does.
/usr/bin/python3 - <<'END'
import os, struct, subprocess
block = os.memfd_create("block")
os.write(block, struct.pack("<IIQ", 0x70667432, 1, 1))
os.ftruncate(block, 1 << 26)
os.dup2(block, 4)
result = subprocess.run(["photofinish", "trial", "single-load"], pass_fds=[4], capture_output=True, text=True)
print(result.returncode, result.stderr, end="")
END
