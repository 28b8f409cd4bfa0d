#!/usr/bin/env python3
"""A program from outside that takes part in a journey (docs/plugins.md): some of photofinish's measures by OpenCV.

    photofinish journey --command opencv='/usr/bin/python3 PATH/command_opencv.py {dataset} {scores}'

It decodes every photo once, in one process and one thread, and computes six measures of its tones as docs/scoring.md
describes them: no pose, no faces, no sharpness, no bursts. So its time stands for that part of the work alone. Its
first line declares the measures and how far each may be from photofinish's own. Needs Debian's python3-opencv."""
import json
import os
import sys

import cv2
import numpy as np

# Largest differences. The luma of both comes from libjpeg-turbo, so only the rounding of sums is left.
TOLERANCE = {"width": 0, "height": 0, "brightness": 0.01, "clipped_high": 1e-6, "clipped_low": 1e-6, "contrast": 1}


def photos(folder):
    """Paths below the folder in byte order: a photo's index is its place in that order."""
    found = []
    for parent, _, names in os.walk(os.fsencode(folder)):
        found += [os.path.relpath(os.path.join(parent, name), os.fsencode(folder)) for name in names]
    return sorted(found)


def measures(path):
    """None where OpenCV cannot decode the file."""
    with open(path, "rb") as file:
        data = np.frombuffer(file.read(), np.uint8)
    luma = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION) if len(data) else None
    if luma is None:
        return None
    height, width = luma.shape
    shares = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel().astype(np.float64) / luma.size
    low, high = np.searchsorted(np.cumsum(shares), (0.01, 0.99))
    return {"width": width, "height": height, "brightness": float(np.dot(shares, np.arange(256))),
            "clipped_high": float(shares[250:].sum()), "clipped_low": float(shares[:6].sum()),
            "contrast": int(high) - int(low)}


def main():
    folder, scores = sys.argv[1:]
    cv2.setNumThreads(1)
    with open(scores, "w", encoding="utf-8", buffering=1) as output:  # a line is out as soon as it ends
        print(json.dumps({"photofinish": "scores/1", "tolerance": {"measures": TOLERANCE}}), file=output)
        for index, path in enumerate(photos(folder)):
            found = measures(os.path.join(os.fsencode(folder), path))
            record = {"index": index, "status": "ok", "measures": found} if found else {"index": index, "status": "damaged"}
            print(json.dumps(record), file=output)


main()
