#!/usr/bin/env python3
"""What the pose tells of the moment: can a ranker that learned from some motions find the peak of another one?

    moment_limits.py [DATASET...]          (default: burst_train; make it with `photofinish dataset make`)

Works on truth.json alone, so with perfect keypoints: what a network finds can only tell less. A conditional logit model
(the probability that a photo is its burst's is exp(score) over the burst's sum; score = weights * features) learns from all
motions but one and is judged on that one, for each motion in turn: first on finding the photo nearest to the peak, by its
place in the burst and one or two measures of the pose, then on finding the best shot where blur, cut and face are known and
exposure is judged against the burst's median. Do not run it on held-out data to choose measures: that is what it is held
out for."""
import itertools
import json
import math
import sys

from best_shot_limits import home, median_exposure, terms

NOSE, SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = 0, (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)
MOVING = (NOSE, *ELBOWS, *WRISTS, *KNEES, *ANKLES)
ENDS = (NOSE, *WRISTS, *ANKLES)
RIDGE = 1.0  # penalty on the squares of weights of features whose standard deviation within bursts is 1


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def bodies(photos):
    """Of each photo the keypoints as complex numbers, from the middle of the hips, in body lengths (torso and leg) of
    the burst; y down."""
    points = [[complex(x, y) for x, y, _ in photo["keypoints"]] for photo in photos]

    def length(p):
        legs = mean(abs(p[h] - p[k]) + abs(p[k] - p[a]) for h, k, a in zip(HIPS, KNEES, ANKLES))
        return legs + abs(mean(p[k] for k in SHOULDERS) - mean(p[k] for k in HIPS))

    unit = sorted(map(length, points))[len(points) // 2]
    return [[(k - mean(p[h] for h in HIPS)) / unit for k in p] for p in points]


def between(frames, of_three):
    """A value for each photo from it and its neighbours; the first and last get the next one's."""
    inner = [of_three(*frames[i - 1:i + 2]) for i in range(1, len(frames) - 1)]
    return [inner[0], *inner, inner[-1]]


def support(p):
    return max((p[a] - p[h]).imag / (abs(p[h] - p[k]) + abs(p[k] - p[a])) for h, k, a in zip(HIPS, KNEES, ANKLES))


def measures(photos):
    """Of each measure of the pose its values over the burst."""
    frames = bodies(photos)
    usual = [mean(p[k] for p in frames) for k in range(17)]

    def steps(a, b, c):
        return [(abs(b[k] - a[k]) + abs(c[k] - b[k])) / 2 for k in MOVING]

    def each(measure):
        return [measure(p) for p in frames]

    return {
        "turning point: distance from the mean of the neighbours": between(
            frames, lambda a, b, c: mean(abs(a[k] - 2 * b[k] + c[k]) for k in MOVING)),
        "speed, mean of the joints": between(frames, lambda a, b, c: mean(steps(a, b, c))),
        "speed, fastest joint": between(frames, lambda a, b, c: max(steps(a, b, c))),
        "distance from the burst's mean pose": each(lambda p: mean(abs(p[k] - usual[k]) for k in MOVING)),
        "higher hand": each(lambda p: -min(p[k].imag for k in WRISTS)),
        "higher knee": each(lambda p: -min(p[k].imag for k in KNEES)),
        "higher foot": each(lambda p: -min(p[k].imag for k in ANKLES)),
        "hips above the lower foot": each(lambda p: max(p[k].imag for k in ANKLES)),
        "upright trunk": each(lambda p: -mean(p[k].imag for k in SHOULDERS)),
        "airborne: no leg below the hips": each(lambda p: 1 - support(p)),
        "reach: largest distance of two ends": each(lambda p: max(abs(p[a] - p[b]) for a in ENDS for b in ENDS)),
        "spread: mean distance of the ends": each(lambda p: mean(abs(p[a] - p[b]) for a in ENDS for b in ENDS)),
        "ends from the hips, mean": each(lambda p: mean(abs(p[k]) for k in ENDS)),
        "feet apart": each(lambda p: abs(p[ANKLES[0]] - p[ANKLES[1]])),
        "hands apart": each(lambda p: abs(p[WRISTS[0]] - p[WRISTS[1]])),
    }


def place(count):
    """The photographer pressed before the moment and let go after it: distance from the middle, in photos, and its square."""
    off = [abs(i - (count - 1) / 2) for i in range(count)]
    return [off, [value * value for value in off]]


def solve(matrix, right):
    """Gauss, for a symmetric positive definite matrix."""
    rows = [[*row, value] for row, value in zip(matrix, right)]
    n = len(rows)
    for i, pivot in enumerate(rows):
        for row in rows[i + 1:]:
            factor = row[i] / pivot[i]
            row[i:] = [a - factor * b for a, b in zip(row[i:], pivot[i:])]
    found = [0.0] * n
    for i in reversed(range(n)):
        found[i] = (rows[i][n] - sum(rows[i][j] * found[j] for j in range(i + 1, n))) / rows[i][i]
    return found


def dot(weights, row):
    return sum(w * x for w, x in zip(weights, row))


def learn(examples):
    """Weights of most penalised likelihood (Newton), for examples (rows of features, index of the right one)."""
    n = len(examples[0][0][0])
    weights = [0.0] * n
    for _ in range(30):
        slope = [-RIDGE * w for w in weights]
        curve = [[RIDGE * (i == j) for j in range(n)] for i in range(n)]
        for rows, right in examples:
            scores = [dot(weights, row) for row in rows]
            most = max(scores)
            shares = [math.exp(score - most) for score in scores]
            total = sum(shares)
            usual = [sum(s * row[i] for s, row in zip(shares, rows)) / total for i in range(n)]
            for i in range(n):
                slope[i] += rows[right][i] - usual[i]
                for j in range(n):
                    curve[i][j] += sum(s * row[i] * row[j] for s, row in zip(shares, rows)) / total - usual[i] * usual[j]
        step = solve(curve, slope)
        weights = [w + s for w, s in zip(weights, step)]
        if max(map(abs, step)) < 1e-6:
            break
    return weights


def prepared(bursts, features, target):
    """Examples: features less their mean over the burst, over their standard deviation within bursts."""
    centred = []
    for burst in bursts:
        columns = [[value - mean(column) for value in column] for column in features(burst)]
        centred.append(columns)
    scales = [math.sqrt(mean(v * v for columns in centred for v in columns[i])) or 1.0 for i in range(len(centred[0]))]
    return [(list(zip(*([v / scale for v in column] for column, scale in zip(columns, scales)))), burst[target])
            for columns, burst in zip(centred, bursts)]


def judge(bursts, features, target):
    """Share of the bursts found, each by weights learned from the other motions; by motion: (share, last weight there)."""
    examples = prepared(bursts, features, target)
    hits, by_motion = 0, {}
    for motion in sorted({burst["motion"] for burst in bursts}):
        own = [e for e, burst in zip(examples, bursts) if burst["motion"] == motion]
        weights = learn([e for e, burst in zip(examples, bursts) if burst["motion"] != motion])
        found = sum(max(range(len(rows)), key=lambda i: dot(weights, rows[i])) == right for rows, right in own)
        hits += found
        by_motion[motion] = (found / len(own), learn(own)[-1])
    return hits / len(bursts), by_motion


def load(name):
    truth = json.loads((home() / name / "truth.json").read_text())
    photos = {photo["path"]: photo for photo in truth["photos"]}
    bursts = []
    for burst in truth["bursts"]:
        members = [photos[path] for path in burst["photos"]]
        if len(members) < 3:
            continue
        costs, usual = [terms(photo) for photo in members], median_exposure(members)
        peaks = [photo["peak_distance"] for photo in members]
        bursts.append({
            "motion": members[0]["motion"], "count": len(members), "measures": measures(members), "moment": peaks,
            "nearest": peaks.index(min(peaks)), "best": burst["photos"].index(burst["best"]),
            "known": [own["blur"] + own["cut"] + own["face"] + 0.6 * abs(photo["exposure_error"] - usual)
                      for own, photo in zip(costs, members)]})
    return bursts


def line(result, text, signs=True):
    share, by_motion = result
    parts = "  ".join(f"{motion} {100 * found:3.0f}" + (f" ({weight:+.1f})" if signs else "")
                      for motion, (found, weight) in by_motion.items())
    print(f"{100 * share:5.1f} %  {text}\n         {parts}")


def main():
    names = sys.argv[1:] or ["burst_train"]
    bursts = list(itertools.chain.from_iterable(map(load, names)))
    print(f"{', '.join(names)}: {len(bursts)} bursts of {len({b['motion'] for b in bursts})} motions; each motion judged by"
          " what the others taught\n\nThe photo nearest to the peak, found by its place in the burst and (weight that the"
          " motion itself would give)")
    line(judge(bursts, lambda b: place(b["count"]), "nearest"), "nothing else", signs=False)
    singles = [(judge(bursts, lambda b, k=key: [*place(b["count"]), b["measures"][k]], "nearest"), key)
               for key in bursts[0]["measures"]]
    for result, key in sorted(singles, key=lambda item: -item[0][0]):
        line(result, key)
    best = [key for _, key in sorted(singles, key=lambda item: -item[0][0])[:4]]
    print("\nThe best shot, by true blur, cut and face, exposure against the median, and")
    line(judge(bursts, lambda b: [b["known"]], "best"), "nothing else", signs=False)
    line(judge(bursts, lambda b: [b["known"], *place(b["count"])], "best"), "the place in the burst", signs=False)
    for chosen in [*((key,) for key in best), tuple(best[:2])]:
        line(judge(bursts, lambda b, c=chosen: [b["known"], *place(b["count"]), *(b["measures"][k] for k in c)], "best"),
             "the place and " + " and ".join(chosen), signs=False)
    line(judge(bursts, lambda b: [b["known"], b["moment"]], "best"), "the true moment", signs=False)


if __name__ == "__main__":
    main()
