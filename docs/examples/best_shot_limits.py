#!/usr/bin/env python3
"""How often the best shot could be found if parts of the truth were known: bounds for what any scorer can reach.

    best_shot_limits.py [DATASET]          (default: pose_heldout; make it with `photofinish dataset make`)

Works on truth.json alone and ranks each burst by the rule of docs/datasets.md, with some of its terms replaced by what can
be known without the truth: exposure as the distance from the burst's median, the moment as the distance from the middle
of the burst. `photofinish accuracy` prints what the engine reaches."""
import json
import os
import pathlib
import statistics
import sys


def home():
    if "PHOTOFINISH_DATA" in os.environ:
        return pathlib.Path(os.environ["PHOTOFINISH_DATA"])
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "photofinish"


def terms(photo):
    """The rule's terms; what is left of the cost without the others is the blur's."""
    width, height, (x0, y0, x1, y1) = photo["width"], photo["height"], photo["box"]
    seen = (min(max(x1, 0), width) - min(max(x0, 0), width)) * (min(max(y1, 0), height) - min(max(y0, 0), height))
    own = {"exposure": 0.6 * abs(photo["exposure_error"]), "moment": 1.5 * photo["peak_distance"],
           "cut": 2 * (1 - seen / ((x1 - x0) * (y1 - y0))), "face": -0.25 if photo["face"] else 0}
    own["blur"] = photo["cost"] - sum(own.values())
    return own


def median_exposure(photos):
    """The exposure that a burst's photos are judged against, in stops."""
    return statistics.median(photo["exposure_error"] for photo in photos)


def main():
    dataset = home() / (sys.argv[1] if len(sys.argv) > 1 else "pose_heldout")
    truth = json.loads((dataset / "truth.json").read_text())
    photos = {photo["path"]: photo for photo in truth["photos"]}
    bursts = [burst for burst in truth["bursts"] if len(burst["photos"]) > 1]
    rows = []  # of each burst: (terms of each photo, index of the best)
    for burst in bursts:
        members = [photos[path] for path in burst["photos"]]
        usual = median_exposure(members)
        found = []
        for place, photo in enumerate(members):
            own = terms(photo)
            own["exposure against the median"] = 0.6 * abs(photo["exposure_error"] - usual)
            own["middle of the burst"] = 0.6 * abs(place / (len(members) - 1) - 0.5)
            found.append(own)
        rows.append((found, burst["photos"].index(burst["best"])))

    def agreement(*names):
        hits = sum(min(range(len(found)), key=lambda i: sum(found[i][name] for name in names)) == best
                   for found, best in rows)
        return f"{100 * hits / len(rows):5.1f} %  {', '.join(names)}"

    print(f"{dataset.name}: {len(rows)} bursts of several photos; best shot found by the true")
    shown = ("blur", "cut", "face")
    print(agreement(*shown, "exposure", "moment"))
    print(agreement(*shown, "exposure"))
    print(agreement(*shown, "exposure", "middle of the burst"))
    print(agreement(*shown, "exposure against the median", "moment"))
    print(agreement(*shown, "exposure against the median", "middle of the burst"))
    print(agreement(*shown, "exposure against the median"))
    print(agreement("exposure", "moment", "cut", "face"))


if __name__ == "__main__":
    main()
