#!/usr/bin/env python3
"""Measures how large the inputs of the pose network's convolutions become on training scenes, and writes what its 8-bit
form needs: core/models/pose.bytes.yaml.

    scripts/calibrate_bytes.py [--photos N] [--share P] [--out FILE]

Runs the network in floats on the first N photos of burst_train (datasets/specs/; made if they are not there), each upright, shrunk to the network's input with grey around it. Of each convolution's input the value counts that a share P of
the positive values stays below, averaged over the photos: what is larger is limited. Inputs that can be below 0 get no range, and
stay floats. Needs photofinish, built, and Debian's python3-opencv."""
import argparse
import ctypes
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs/examples"))
from compare_opencv_dnn import Error, Options, Binding, Shape, Tensor  # noqa: E402

LANDSCAPE = (384, 288)
KEEP = 1


class Node(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("operator", ctypes.c_char_p), ("type", ctypes.c_int), ("shape", Shape),
                ("outputs", ctypes.c_size_t), ("parameters", ctypes.c_uint64), ("macs", ctypes.c_uint64),
                ("origin", ctypes.c_int64)]


class Network:
    """One size of the network, whose nodes' outputs can be read."""

    def __init__(self, library, model, size):
        self.library, self.error = library, Error()
        options, binding = Options(), Binding(None, Shape(4, (ctypes.c_int64 * 8)(1, 3, size[1], size[0])))
        library.pf_network_options_default(ctypes.byref(options))
        options.bindings, options.binding_count = ctypes.pointer(binding), 1
        self.network, self.workspace = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("pf_network_load", str(model).encode(), ctypes.byref(options), ctypes.byref(self.network))
        self.call("pf_workspace_create", self.network, b"onednn", KEEP, ctypes.byref(self.workspace))
        address = ctypes.cast(library.pf_workspace_input(self.workspace, ctypes.c_size_t(0)), ctypes.POINTER(ctypes.c_float))
        self.input = np.ctypeslib.as_array(address, (3, size[1], size[0]))
        self.nodes = []
        for i in range(library.pf_network_node_count(self.network)):
            self.nodes.append(Node())
            library.pf_network_node_get(self.network, ctypes.c_size_t(i), ctypes.byref(self.nodes[-1]))

    def call(self, function, *arguments):
        if getattr(self.library, function)(*arguments, ctypes.byref(self.error)):
            sys.exit(f"{function}: {self.error.message.decode()}")

    def output(self, index):
        shape = self.nodes[index].shape
        values = np.empty(tuple(shape.dims[:shape.rank]), np.float32)
        self.call("pf_workspace_read_node", self.workspace, ctypes.c_size_t(index), ctypes.c_size_t(0),
                  values.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(values.nbytes))
        return values

    def run(self, path):
        """Of each convolution: the values of its input."""
        image = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2YCrCb)[:, :, [0, 2, 1]]
        height, width = self.input.shape[1:]
        scale = min(width / image.shape[1], height / image.shape[0])
        small = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)), interpolation=cv2.INTER_AREA)
        top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
        canvas = np.full((height, width, 3), 128, np.float32)
        canvas[top:top + small.shape[0], left:left + small.shape[1]] = small
        np.copyto(self.input, (canvas.transpose(2, 0, 1) - 128) / 64)
        self.call("pf_workspace_run", self.workspace)
        return {node.name.decode(): self.output(node.origin) for node in self.nodes
                if node.operator.decode().split("+")[0] == "Conv" and node.origin >= 0}


def dataset(photos):
    """The first photos of burst_train, as a dataset of their own."""
    name = f"burst_train_{photos}"
    lines = (ROOT / "datasets/specs/burst_train.yaml").read_text().splitlines()
    changed = {"name:": f"name: {name}", "photos:": f"photos: {photos}"}
    with tempfile.TemporaryDirectory() as scratch:
        spec = pathlib.Path(scratch) / f"{name}.yaml"
        spec.write_text("\n".join(changed.get(line.split(" ")[0], line) for line in lines) + "\n")
        made = subprocess.run([ROOT / "build/photofinish", "dataset", "make", spec], check=True, stdout=subprocess.PIPE, text=True)
    folder = pathlib.Path(made.stdout.rpartition(": ")[0])
    return folder, json.loads((folder / "truth.json").read_text())["photos"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=int, default=200, help="photos (default: 200)")
    parser.add_argument("--share", type=float, default=99.99, help="per cent of the values that stay below (default: 99.99)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "core/models/pose.bytes.yaml")
    arguments = parser.parse_args()
    model = ROOT / "core/models/pose.onnx"
    library = ctypes.CDLL(str(ROOT / "build/libphotofinish.so"))
    library.pf_workspace_input.restype = ctypes.c_void_p
    library.pf_network_node_count.restype = ctypes.c_size_t
    networks = {False: Network(library, model, LANDSCAPE), True: Network(library, model, LANDSCAPE[::-1])}
    folder, chosen = dataset(arguments.photos)
    least, largest = {}, {}
    for photo in chosen:
        for name, values in networks[photo["height"] > photo["width"]].run(folder / photo["path"]).items():
            least[name] = min(least.get(name, 0.0), float(values.min()))
            positive = values[values > 0]
            largest.setdefault(name, []).append(float(np.percentile(positive, arguments.share)) if positive.size else 0.0)
    lines = [f"# Made by scripts/calibrate_bytes.py from {len(chosen)} photos of burst_train ({arguments.share} % of the values).",
             f'model_sha256: "{hashlib.sha256(model.read_bytes()).hexdigest()}"', "inputs:"]
    lines += [f'  - {{node: "{name}", most: {np.mean(values):.4f}}}' for name, values in largest.items() if least[name] >= 0]
    arguments.out.write_text("\n".join(lines) + "\n")
    print(f"{arguments.out}: {len(lines) - 3} of {len(largest)} convolutions")


if __name__ == "__main__":
    main()
