#!/usr/bin/env bash
# What about this machine spoils measurements: the shape of what is said, for what is found differs by machine.
run doctor --help
names() {
    awk '/^(spoils|advice|not readable|ok) /{sub(/^(spoils|advice|not readable|ok) +/, "STATUS "); print $1, $2; next} /^ +(why|mend): /{next} /^  /{next} {print}' |
        sed -E -e 's/^[0-9]+ spoils? measurements, [0-9]+ advise something, [0-9]+ not readable, [0-9]+ ok$/COUNTS/'
}
run doctor --quick --quiet --json doctor.json | names | sort
run doctor --self --quiet | sed -E -e 's/ +[0-9.]+ [nu]s +[0-9.]+ [nu]s to [0-9.]+ [nu]s/ TIME/' -e 's/ +/ /g'
/usr/bin/python3 -c '
import json
record = json.load(open("doctor.json"))
print(record["schema"], sorted(record), record["noise_floor"], record["observer"])
for finding in record["findings"]:
    assert finding["status"] in ("ok", "advice", "spoils", "not readable") and finding["read"] and finding["why"], finding
    assert finding["mend"] or finding["status"] not in ("advice", "spoils"), finding
print(len(record["findings"]), "findings")'
photofinish doctor --quick --strict --quiet --json strict.json >strict.txt
STATUS=$? /usr/bin/python3 -c '
import json, os
spoilt = any(finding["status"] == "spoils" for finding in json.load(open("strict.json"))["findings"])
assert os.environ["STATUS"] == str(int(spoilt)), os.environ["STATUS"]'
run doctor --self --json -  | /usr/bin/python3 -c '
import json, sys
text = sys.stdin.read()
record = json.loads(text[text.index("\n"):text.index("\n= ")])
print(record["findings"], sorted(record["observer"]["units"]))'
run doctor extra
run doctor --quick --json nowhere/doctor.json
