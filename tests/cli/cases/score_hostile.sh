#!/usr/bin/env bash
# Every good photo scored, every bad one listed with its error, in every variant alike.
mkdir photos
make_hostile photos
before=$(find photos -printf '%p %s %T@\n' | sort | sha256sum)
# Scores belong to the engine's own tests.
figures() { sed -E 's/  [a-z]+ \+[0-9.]+.*/  LEAD/'; }
for variant in double-load single-load parallel:workers=2; do
    run score photos --variant "$variant" --quiet | figures
done
run score photos --quiet --json photos.jsonl --csv photos.csv >/dev/null
/usr/bin/python3 - <<'END'
import csv, json
records = [json.loads(line) for line in open("photos.jsonl")]
for record in records:
    print(record["index"], record["path"], record["status"], "burst", record["burst"], "rank", record["rank"],
          record.get("error", ""), "score" in record, len(record.get("factors", ())), len(record.get("measures", ())))
rows = list(csv.DictReader(open("photos.csv", newline="")))
for row, record in zip(rows, records, strict=True):
    same = row["status"] == record["status"] and row["error"] == record.get("error", "")
    exact = record["status"] != "ok" or float(row["score"]) == float.fromhex(record["score"])
    print(row["path"], same, exact)
END
[ "$before" = "$(find photos -printf '%p %s %T@\n' | sort | sha256sum)" ] && echo "the folder is as it was"
