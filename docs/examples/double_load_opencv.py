#!/usr/bin/env python3
"""Scores photos double-load with Python and OpenCV, in one process or several of one thread each.

This is the yardstick for photofinish's own double-load: the same work on each photo, written the way that
somebody who knows OpenCV would write it. Each photo is read and decoded twice, once for the AI part (grey,
shrunk to 640 pixels, frontal-face cascade with the same parameters) and once for the analysis (tiles of
Laplacian, Sobel and noise, tones, colourfulness). All heavy work is done inside OpenCV; nothing is left
slow on purpose. It finds no bursts, reads no capture times and checks no hostile files, which photofinish does.

    double_load_opencv.py DATASET_DIR_OR_FOLDER [--processes N] [--json FILE] [--limit N] [--cascade FILE]

Needs Debian's python3-opencv and opencv-data. Prints photos per second; --json writes one line a photo.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time

import cv2
import numpy as np

CASCADES = (
    "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml",
    "/usr/local/share/opencv4/haarcascades/haarcascade_frontalface_default.xml",
)
FACE_LONGEST_PX = 640
ANALYSIS_LONGEST_PX = 3072
GRID = (8, 8)
IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def find_photos(folder):
    """Paths of all JPEG files below the folder, in byte order."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(root, name) for name in names
                  if name.lower().endswith((".jpg", ".jpeg", ".jpe", ".jfif")) and not name.startswith(".")]
    return sorted(found, key=os.fsencode)


def detect_faces(path, cascade):
    """The AI part. imread turns the photo upright by its EXIF orientation."""
    grey = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    height, width = grey.shape
    scale = FACE_LONGEST_PX / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    faces = cascade.detectMultiScale(grey, scaleFactor=1.2, minNeighbors=3, minSize=(24, 24))
    return {
        "faces": len(faces),
        "face_size": max((int(face[2]) for face in faces), default=0) / min(grey.shape),
    }


def tile_means(plane):
    """Mean of each of 8x8 tiles."""
    return cv2.resize(plane, GRID, interpolation=cv2.INTER_AREA)


def analyse(path):
    """The analysis part, on a second decoding of the same file."""
    bgr = cv2.imread(path, cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    divisor = -(-max(bgr.shape[:2]) // ANALYSIS_LONGEST_PX)
    if divisor > 1:
        size = (max(1, bgr.shape[1] // divisor), max(1, bgr.shape[0] // divisor))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    # Whole tiles: area averaging by whole factors is OpenCV's fast path.
    bgr = bgr[: max(8, bgr.shape[0] // 8 * 8), : max(8, bgr.shape[1] // 8 * 8)]
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)

    laplacian = cv2.Laplacian(grey, cv2.CV_32F, ksize=1)
    mean = tile_means(laplacian)
    sharp = np.sort((tile_means(cv2.multiply(laplacian, laplacian)) - mean * mean).ravel())[-8:]

    gx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    xx = tile_means(cv2.multiply(gx, gx))
    yy = tile_means(cv2.multiply(gy, gy))
    xy = tile_means(cv2.multiply(gx, gy))
    energy = float(np.sum(xx + yy)) or 1.0
    coherence = float(np.hypot(np.sum(xx - yy), 2 * np.sum(xy))) / energy

    fine = np.abs(cv2.filter2D(grey, cv2.CV_32F, IMMERKAER))
    noise = float(np.percentile(tile_means(fine), 10)) * np.sqrt(np.pi / 2) / 6

    histogram = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel() / grey.size
    low, high = np.searchsorted(np.cumsum(histogram), (0.01, 0.99))

    blue, green, red = (channel.astype(np.int16) for channel in cv2.split(bgr))
    rg_mean, rg_sd = cv2.meanStdDev(cv2.subtract(red, green))
    yb_mean, yb_sd = cv2.meanStdDev(cv2.addWeighted(cv2.add(red, green), 0.5, blue, -1.0, 0.0))

    return {
        "laplacian": float(np.sqrt(max(float(sharp.mean()), 0.0))),
        "tenengrad": float(np.sqrt(np.sort((xx + yy).ravel())[-8:].mean())),
        "coherence": coherence,
        "noise": noise,
        "brightness": float(np.dot(histogram, np.arange(256))),
        "clipped_high": float(histogram[250:].sum()),
        "clipped_low": float(histogram[:6].sum()),
        "contrast": int(high) - int(low),
        "colourfulness": float(np.hypot(rg_sd, yb_sd)[0, 0] + 0.3 * np.hypot(rg_mean, yb_mean)[0, 0]),
    }


def fuse(score):
    """One number from the measures, with photofinish's weights where the factor exists here."""
    detail = score["laplacian"] / (score["laplacian"] + 16.0)
    off = (score["brightness"] - 118.0) / (118.0 if score["brightness"] < 118.0 else 137.0)
    clipped = score["clipped_high"] + score["clipped_low"] / 2
    factors = (
        (0.34, detail),
        (0.14, 1.0 - score["coherence"]),
        (0.14, (1.0 - off * off) / (1.0 + 10.0 * clipped)),
        (0.06, score["contrast"] / 255.0),
        (0.04, 1.0 / (1.0 + (score["noise"] / 4.0) ** 2)),
        (0.04, min(1.0, score["colourfulness"] / 109.0)),
        (0.14, min(1.0, score["face_size"] / 0.1)),
    )
    return sum(weight * factor for weight, factor in factors) / sum(weight for weight, _ in factors)


def score_photo(path, cascade):
    score = detect_faces(path, cascade)
    analysis = analyse(path)
    if score is None or analysis is None:
        return None
    score.update(analysis)
    score["total"] = fuse(score)
    return score


def open_cascade(file):
    """Each process has its own: OpenCV's cascades are not for several."""
    global CASCADE
    cv2.setNumThreads(1)
    CASCADE = cv2.CascadeClassifier(file)


def score_next(path):
    return score_photo(path, CASCADE)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Score photos double-load with Python and OpenCV.")
    parser.add_argument("folder", help="a dataset's folder or any folder of photos")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="that share the photos (default: 1)")
    parser.add_argument("--json", metavar="FILE", help="write one JSON line for each photo, - for stdout")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos")
    parser.add_argument("--cascade", metavar="FILE", help="OpenCV's frontal-face cascade")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    cascade_file = arguments.cascade or next((path for path in CASCADES if os.path.exists(path)), "")
    open_cascade(cascade_file)
    if CASCADE.empty():
        print("double_load_opencv: no face cascade; install opencv-data or give --cascade", file=sys.stderr)
        return 2
    photos = find_photos(arguments.folder)[: arguments.limit]
    if not photos:
        print("double_load_opencv: no photos in " + arguments.folder, file=sys.stderr)
        return 2
    begin = time.perf_counter()
    if arguments.processes > 1:
        with multiprocessing.Pool(arguments.processes, open_cascade, (cascade_file,)) as pool:
            scores = pool.map(score_next, photos, chunksize=1)
    else:
        scores = [score_next(path) for path in photos]
    seconds = time.perf_counter() - begin
    scored = sum(score is not None for score in scores)
    if arguments.json:
        output = sys.stdout if arguments.json == "-" else open(arguments.json, "w", encoding="utf-8")
        with output:
            for path, score in zip(photos, scores):
                name = os.path.relpath(path, arguments.folder)
                json.dump({"path": name, **(score or {"error": "not decoded"})}, output)
                output.write("\n")
    print(f"{scored} of {len(photos)} photos in {seconds:.2f} s: {scored / seconds:.2f} photos/s",
          file=sys.stderr if arguments.json == "-" else sys.stdout)
    return 0 if scored else 2


if __name__ == "__main__":
    sys.exit(main())
