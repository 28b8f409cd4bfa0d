#!/usr/bin/env python3
"""Trains the pose network from nothing and exports it to core/models/pose.onnx with its card.

    scripts/train_pose.py [--crops N] [--photos N] [--threads T] [--out DIR] [--resume FILE]

Renders the training scenes (datasets/specs/pose_train.yaml) with build/photofinish, trains on N random crops of them on
T CPU threads (or on a GPU where there is one), and measures the result on scenes whose motions, clothing and backgrounds
no training scene has (datasets/specs/pose_heldout.yaml). Needs Debian's python3-torch, python3-opencv and python3-numpy.
Two cores with bfloat16 instructions train on about 60 crops a second, without them on about 25.

The network is fully convolutional: 3 planes (Y, Cb, Cr, each less 128 and divided by 64) at a quarter of the input's
resolution become 17 heatmaps, one for each COCO keypoint of the main athlete, and an 18th that marks its body. It
learns whom to pick from the scenes with a second athlete: only the main one's keypoints are targets.
"""

import argparse
import copy
import json
import math
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[1]
LANDSCAPE = (384, 288)  # width, height of the input; portrait photos use it turned
STRIDE = 4
KEYPOINTS = 17
SIGMA = 1.5  # of a target's Gaussian, heatmap pixels
FLIPPED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]  # left and right exchanged
HIDDEN_WEIGHT = 0.4  # a hidden keypoint is a guess: it counts less


class ConvUnit(nn.Sequential):
    def __init__(self, inputs, outputs, size=3, stride=1, relu=True):
        layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = ConvUnit(width, width)
        self.second = ConvUnit(width, width, relu=False)

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)), inplace=True)


class PoseNet(nn.Module):
    """Encoder to 1/32, decoder with lateral connections back to 1/4."""

    def __init__(self):
        super().__init__()
        self.to4 = nn.Sequential(ConvUnit(3, 24, stride=2), ConvUnit(24, 32, stride=2))
        self.to8 = nn.Sequential(ConvUnit(32, 64, stride=2), Residual(64))
        self.to16 = nn.Sequential(ConvUnit(64, 128, stride=2), *[Residual(128) for _ in range(4)])
        self.to32 = nn.Sequential(ConvUnit(128, 192, stride=2), Residual(192))
        self.up16, self.side16 = ConvUnit(192, 96, 1, relu=False), ConvUnit(128, 96, 1, relu=False)
        self.up8, self.side8 = ConvUnit(96, 64, 1, relu=False), ConvUnit(64, 64, 1, relu=False)
        self.up4, self.side4 = ConvUnit(64, 32, 1, relu=False), ConvUnit(32, 32, 1, relu=False)
        self.mix16, self.mix8, self.mix4 = ConvUnit(96, 96), ConvUnit(64, 64), ConvUnit(32, 32)
        self.head = nn.Conv2d(32, KEYPOINTS + 1, 1)

    def forward(self, x):
        x4 = self.to4(x)
        x8 = self.to8(x4)
        x16 = self.to16(x8)
        x32 = self.to32(x16)
        y = self.mix16(F.relu(F.interpolate(self.up16(x32), scale_factor=2.0, mode="nearest") + self.side16(x16)))
        y = self.mix8(F.relu(F.interpolate(self.up8(y), scale_factor=2.0, mode="nearest") + self.side8(x8)))
        y = self.mix4(F.relu(F.interpolate(self.up4(y), scale_factor=2.0, mode="nearest") + self.side4(x4)))
        return self.head(y)


def render(spec, photos):
    """Makes the dataset (at once if it is there) and returns its folder and truth."""
    source = ROOT / f"datasets/specs/{spec}.yaml"
    name = spec
    if photos:
        text = source.read_text().splitlines()
        name = f"{spec}_{photos}"
        text = [f"photos: {photos}" if line.startswith("photos:") else line for line in text]
        text = [f"name: {name}" if line.startswith("name:") else line for line in text]
        source = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"{name}.yaml"
        source.write_text("\n".join(text) + "\n")
    result = subprocess.run([ROOT / "build/photofinish", "dataset", "make", source], check=True, stdout=subprocess.PIPE,
                            text=True)
    folder = pathlib.Path(result.stdout.rpartition(": ")[0])
    return folder, json.loads((folder / "truth.json").read_text())["photos"]


def read_upright(path):
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)  # turned by its EXIF orientation
    return cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)[:, :, [0, 2, 1]]


class Photos:
    """All photos in memory, at most 528 px on the longest side, divided into landscape and portrait."""

    def __init__(self, folder, truth, longest=528):
        self.items = {True: [], False: []}
        for photo in truth:
            image = read_upright(folder / photo["path"])
            scale = min(1.0, longest / max(image.shape[:2]))
            points = np.array(photo["keypoints"], np.float32)
            points[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
            if scale < 1:
                size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            box = np.array(photo["box"], np.float32) * scale
            self.items[image.shape[1] >= image.shape[0]].append((image, points, box, photo))

    def __len__(self):
        return sum(map(len, self.items.values()))


def letterbox(image_size, size):
    """Affine matrix that fits an image into `size`, centred."""
    scale = min(size[0] / image_size[0], size[1] / image_size[1])
    left, top = (size[0] - image_size[0] * scale) / 2, (size[1] - image_size[1] * scale) / 2
    # Pixel centres at half coordinates, as the engine's own shrinking has them.
    return np.array([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]], np.float32)


class Noise:
    """Slices of one large field of normal noise: drawing it anew for each photo took as long as the training."""

    def __init__(self, random, values=1 << 23):
        self.field = random.standard_normal(values, np.float32)

    def slice(self, random, shape):
        count = math.prod(shape)
        start = int(random.integers(0, len(self.field) - count))
        return self.field[start:start + count].reshape(shape)


def augmented(random, noise, image, points, box, size):
    """A random crop, scale, turn, mirror and tone of a training photo. Returns planes, points, box."""
    height, width = image.shape[:2]
    matrix = np.vstack([letterbox((width, height), size), [0, 0, 1]]).astype(np.float64)
    scale, angle = math.exp(random.normal(0, 0.22)), random.normal(0, 9) if random.random() < 0.6 else 0
    scale = min(max(scale, 0.6), 1.7)
    turn = np.vstack([cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, scale), [0, 0, 1]])
    shift = np.eye(3)
    shift[:2, 2] = random.uniform(-0.10, 0.10, 2) * size
    matrix = shift @ turn @ matrix
    mirror = random.random() < 0.5
    if mirror:
        matrix = np.array([[-1, 0, size[0] - 1], [0, 1, 0], [0, 0, 1]]) @ matrix
    planes = cv2.warpAffine(image, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
                            borderValue=(128, 128, 128))
    points = points.copy()
    points[:, :2] = points[:, :2] @ matrix[:2, :2].T + matrix[:2, 2]
    if mirror:
        points = points[FLIPPED]
    corners = np.array([[box[0], box[1]], [box[2], box[1]], [box[0], box[3]], [box[2], box[3]]]) @ matrix[:2, :2].T
    corners += matrix[:2, 2]
    turn, colour = random.normal(0, 0.35), random.uniform(0.4, 1.5)  # of the hue
    tone = np.zeros((3, 4))
    tone[0, 0] = random.uniform(0.75, 1.3)
    tone[1, 1:3] = math.cos(turn) * colour, -math.sin(turn) * colour
    tone[2, 1:3] = math.sin(turn) * colour, math.cos(turn) * colour
    tone[:, 3] = random.uniform(-22, 22), random.uniform(-8, 8), random.uniform(-8, 8)
    tone[:, 3] -= tone[:, :3].sum(1) * 128
    planes = cv2.transform(planes.astype(np.float32), tone)
    if random.random() < 0.5:
        cv2.scaleAdd(noise.slice(random, planes.shape), random.uniform(0, 9), planes, planes)
    if random.random() < 0.25:
        planes = cv2.GaussianBlur(planes, (0, 0), random.uniform(0.4, 1.6))
    return np.clip(planes, -128, 127, out=planes), points, (*corners.min(0), *corners.max(0))


def targets(points, box, size):
    """Heatmaps (18, H/4, W/4) and weights (18,) of one photo."""
    width, height = size[0] // STRIDE, size[1] // STRIDE
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    maps = np.zeros((KEYPOINTS + 1, height, width), np.float32)
    weights = np.ones(KEYPOINTS + 1, np.float32)
    for k, (x, y, visibility) in enumerate(points):
        hx, hy = (x + 0.5) / STRIDE - 0.5, (y + 0.5) / STRIDE - 0.5
        inside = -0.5 <= hx < width - 0.5 and -0.5 <= hy < height - 0.5
        if visibility and inside:
            maps[k] = np.outer(np.exp(-((ys - hy) ** 2) / (2 * SIGMA**2)), np.exp(-((xs - hx) ** 2) / (2 * SIGMA**2)))
            weights[k] = 1.0 if visibility == 2 else HIDDEN_WEIGHT
    cx, cy = ((box[0] + box[2]) / 2 + 0.5) / STRIDE - 0.5, ((box[1] + box[3]) / 2 + 0.5) / STRIDE - 0.5
    rx, ry = max((box[2] - box[0]) / 2 / STRIDE, 1), max((box[3] - box[1]) / 2 / STRIDE, 1)
    maps[KEYPOINTS] = np.exp(-0.5 * (((xs[None] - cx) / (0.6 * rx)) ** 2 + ((ys[:, None] - cy) / (0.6 * ry)) ** 2))
    weights[KEYPOINTS] = 0.3
    return maps, weights


def batches(photos, random, batch):
    """Endless batches of one orientation each."""
    noise = Noise(random)
    weights = [len(photos.items[True]), len(photos.items[False])]
    while True:
        landscape = random.random() * sum(weights) < weights[0]
        size = LANDSCAPE if landscape else LANDSCAPE[::-1]
        pool = photos.items[landscape]
        planes, maps, scale = [], [], []
        for index in random.integers(0, len(pool), batch):
            image, points, box, _ = pool[index]
            p, points, box = augmented(random, noise, image, points, box, size)
            m, w = targets(points, box, size)
            planes.append(p.transpose(2, 0, 1) / 64)
            maps.append(m)
            scale.append(w)
        yield (torch.from_numpy(np.stack(planes).astype(np.float32)), torch.from_numpy(np.stack(maps)),
               torch.from_numpy(np.stack(scale)))


def ahead(iterator, count):
    """The iterator's items, made by a thread up to `count` in advance."""
    items = queue.Queue(count)

    def fill():
        for item in iterator:
            items.put(item)

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield items.get()


def has_bfloat16(device):
    return device == "cuda" or "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()


def train(network, photos, crops, batch, device, seed, checkpoint):
    """Returns the network whose weights are the running mean of the trained ones: less noisy than the last ones."""
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-4)
    begin, seen, shown, running, mean = time.monotonic(), 0, 0, None, copy.deepcopy(network)
    half = has_bfloat16(device)
    network.train()
    for planes, maps, weights in ahead(batches(photos, random, batch), 4):
        progress = seen / crops
        if progress >= 1:
            break
        warm = min(1.0, (seen + batch) / (100 * batch))
        for group in optimiser.param_groups:
            group["lr"] = warm * (1e-5 + 2e-3 * 0.5 * (1 + math.cos(math.pi * progress)))
        planes, maps, weights = planes.to(device, memory_format=torch.channels_last), maps.to(device), weights.to(device)
        with torch.autocast(device, torch.bfloat16, enabled=half):
            output = network(planes)
        # A keypoint covers a few pixels of thousands: they count more, or "nothing anywhere" would be a good answer.
        error = (output.float() - maps) ** 2 * (1 + 20 * maps)
        loss = (error.mean(dim=(2, 3)) * weights).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        seen += batch
        keep = min(0.998, seen / (seen + 20 * batch))
        with torch.no_grad():
            for old, new in zip(mean.state_dict().values(), network.state_dict().values()):
                old.copy_(old * keep + new * (1 - keep) if old.is_floating_point() else new)
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if time.monotonic() - begin > shown:
            shown += 60
            print(f"{shown / 60 - 1:.0f} min: {seen} photos, {seen / (time.monotonic() - begin + 1e-3):.1f}/s, loss {running:.6f}",
                  flush=True)
            torch.save(mean.state_dict(), checkpoint)
    torch.save(mean.state_dict(), checkpoint)
    return mean, seen


def decode(maps):
    """Keypoints in input pixels and their confidences: the maximum, moved a quarter towards the larger neighbour."""
    count, height, width = maps.shape
    points = np.zeros((KEYPOINTS, 3), np.float32)
    for k in range(KEYPOINTS):
        y, x = divmod(int(maps[k].argmax()), width)
        dx = np.sign(maps[k, y, x + 1] - maps[k, y, x - 1]) * 0.25 if 0 < x < width - 1 else 0
        dy = np.sign(maps[k, y + 1, x] - maps[k, y - 1, x]) * 0.25 if 0 < y < height - 1 else 0
        points[k] = ((x + dx + 0.5) * STRIDE - 0.5, (y + dy + 0.5) * STRIDE - 0.5, maps[k, y, x])
    return points


def evaluate(network, photos, device):
    """PCK@0.1 on visible keypoints: within a tenth of the athlete's box (its longest side)."""
    right = np.zeros(KEYPOINTS)
    total = np.zeros(KEYPOINTS)
    network.eval()
    with torch.no_grad():
        for landscape, items in photos.items.items():
            size = LANDSCAPE if landscape else LANDSCAPE[::-1]
            for image, points, box, _ in items:
                matrix = letterbox((image.shape[1], image.shape[0]), size)
                planes = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT,
                                        borderValue=(128, 128, 128))
                x = torch.from_numpy((planes.astype(np.float32) - 128).transpose(2, 0, 1)[None] / 64).to(device)
                found = decode(network(x)[0].cpu().numpy())
                truth = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
                limit = 0.1 * max(box[2] - box[0], box[3] - box[1]) * matrix[0, 0]
                visible = points[:, 2] == 2
                near = np.hypot(*(found[:, :2] - truth).T) <= limit
                right += near & visible
                total += visible
    return right, total


CARD = """# Made by scripts/train_pose.py; docs/models.md explains the keys.
name: photofinish pose
licence: Apache-2.0
notes: >-
  {parameters} parameters, {macs:.3f} GMAC at 384x288. Trained on {seen} crops of rendered scenes only (datasets/specs/
  pose_train.yaml) and on no real people: bring your own model for them. Held-out scenes of other motions,
  clothing and backgrounds (pose_heldout.yaml): PCK@0.1 {pck:.3f} of {keypoints} visible keypoints in {photos} photos.
width: 384
height: 288
turn: yes
colour: ycbcr
mean: [128, 128, 128]
std: [64, 64, 64]
output: heatmap
stride: 4
"""


def count_macs(network):
    """Multiply-adds of the convolutions in one run at the default input."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        weights = module.weight.shape
        total += output.shape[2] * output.shape[3] * weights[0] * weights[1] * weights[2] * weights[3]

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        network(torch.zeros(1, 3, LANDSCAPE[1], LANDSCAPE[0]))
    for hook in hooks:
        hook.remove()
    return total


def export(network, folder, figures):
    folder.mkdir(parents=True, exist_ok=True)
    network.eval().cpu().to(memory_format=torch.contiguous_format)
    example = torch.zeros(1, 3, LANDSCAPE[1], LANDSCAPE[0])
    torch.onnx.export(network, example, str(folder / "pose.onnx"), opset_version=13, input_names=["planes"],
                      output_names=["heatmaps"], do_constant_folding=True,
                      dynamic_axes={"planes": {2: "height", 3: "width"}, "heatmaps": {2: "rows", 3: "columns"}})
    parameters = sum(p.numel() for p in network.parameters())
    (folder / "pose.yaml").write_text(CARD.format(parameters=parameters, macs=count_macs(network) * 1e-9, **figures))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--crops", type=int, default=220000, help="to train on (0: only measure and export)")
    parser.add_argument("--photos", type=int, default=0, help="training photos (default: as the specification says)")
    parser.add_argument("--heldout", type=int, default=0, help="held-out photos (default: as the specification says)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "core/models")
    parser.add_argument("--seen", type=int, default=0, help="crops that the weights of --resume have seen, for the card")
    parser.add_argument("--resume", type=pathlib.Path, help="begin with these weights")
    parser.add_argument("--checkpoint", type=pathlib.Path, default=pathlib.Path("/tmp/pose.pt"))
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = PoseNet()
    if arguments.resume:
        network.load_state_dict(torch.load(arguments.resume, map_location="cpu"))
    network.to(device, memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in network.parameters())} parameters, {device}", flush=True)
    seen = 0
    if arguments.crops > 0:
        photos = Photos(*render("pose_train", arguments.photos), longest=480)
        network, seen = train(network, photos, arguments.crops, arguments.batch, device, arguments.seed,
                              arguments.checkpoint)
    heldout = Photos(*render("pose_heldout", arguments.heldout))
    right, total = evaluate(network, heldout, device)
    print(f"{seen} photos seen; held out: {len(heldout)} photos, PCK@0.1 {right.sum() / total.sum():.4f}"
          f" of {int(total.sum())} visible keypoints; by keypoint " + " ".join(f"{r / max(t, 1):.2f}" for r, t in zip(right, total)))
    export(network, arguments.out, {"seen": seen + arguments.seen, "pck": right.sum() / total.sum(),
                                    "keypoints": int(total.sum()), "photos": len(heldout)})


if __name__ == "__main__":
    sys.exit(main())
