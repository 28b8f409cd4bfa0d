#!/usr/bin/env python3
"""Our executor against OpenCV's DNN module on the same ONNX file: both in this one process, on one thread each, in
alternating order, so that no start-up is in the times. A time is that of one run with its input handed in and its
outputs taken out, over a slot of at least 50 ms. The outputs are compared, too: exit status 1 if they differ by more
than 1e-4 of an output's largest value. Prints the geometric mean of the ratios with its paired 95 % t-interval.
Needs photofinish, built (scripts/setup) or installed, and Debian's python3-opencv."""
import argparse
import ctypes
import pathlib
import sys
import time

import cv2
import numpy as np

import installed
from paired_ratio import MOST, ratio_interval

SLOT_S = 0.05
LIMIT = 1e-4


# core/include/photofinish/network.h and status.h.
class Shape(ctypes.Structure):
    _fields_ = [("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("shape", Shape)]


class Binding(ctypes.Structure):
    _fields_ = [("input", ctypes.c_char_p), ("shape", Shape)]


class Options(ctypes.Structure):
    _fields_ = [(cap, ctypes.c_uint64) for cap in ("file", "nodes", "folded", "activations", "work")] + [
        ("bindings", ctypes.POINTER(Binding)), ("binding_count", ctypes.c_size_t), ("unfused", ctypes.c_bool)]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("errno", ctypes.c_int), ("offset", ctypes.c_int64),
                ("file", ctypes.c_char * 512), ("message", ctypes.c_char * 256)]


class Own:
    """A network of one float input, on oneDNN."""

    def __init__(self, library, file, sides):
        self.library, self.error = ctypes.CDLL(library), Error()
        self.library.pf_network_input.restype = self.library.pf_network_output.restype = ctypes.POINTER(Tensor)
        self.library.pf_workspace_input.restype = self.library.pf_workspace_output.restype = ctypes.c_void_p
        self.library.pf_network_input_count.restype = self.library.pf_network_output_count.restype = ctypes.c_size_t
        network, self.workspace = ctypes.c_void_p(), ctypes.c_void_p()
        if self.library.pf_network_load(str(file).encode(), None, ctypes.byref(network), ctypes.byref(self.error)):
            binding, options = Binding(None, Shape(len(sides), (ctypes.c_int64 * 8)(*sides))), Options()
            self.library.pf_network_options_default(ctypes.byref(options))
            options.bindings, options.binding_count = ctypes.pointer(binding), 1
            self.call("pf_network_load", str(file).encode(), ctypes.byref(options), ctypes.byref(network))
        self.call("pf_workspace_create", network, b"onednn", 0, ctypes.byref(self.workspace))
        if self.library.pf_network_input_count(network) != 1:
            sys.exit("only networks of one input can be compared here")
        self.input = self.array(self.library.pf_network_input(network, 0), self.library.pf_workspace_input, 0)
        self.outputs, self.names = [], []
        for i in range(self.library.pf_network_output_count(network)):
            tensor = self.library.pf_network_output(network, i)
            self.outputs.append(self.array(tensor, self.library.pf_workspace_output, i))
            self.names.append(tensor.contents.name.decode())

    def call(self, function, *arguments):
        if getattr(self.library, function)(*arguments, ctypes.byref(self.error)):
            sys.exit(self.error.message.decode())

    def array(self, tensor, where, index):
        """The memory of an input or output as numpy sees it."""
        tensor = tensor.contents
        if tensor.type != 0:
            sys.exit(f"{tensor.name.decode()} is not float: only such networks can be compared here")
        address = ctypes.cast(where(self.workspace, ctypes.c_size_t(index)), ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(address, tuple(tensor.shape.dims[:tensor.shape.rank]))

    def run(self, image):
        np.copyto(self.input, image)
        self.call("pf_workspace_run", self.workspace)
        return [output.copy() for output in self.outputs]


class Rival:
    def __init__(self, file, names):
        cv2.setNumThreads(1)
        try:
            self.net, self.names = cv2.dnn.readNetFromONNX(str(file)), names
        except cv2.error as error:
            sys.exit(f"OpenCV {cv2.__version__} refuses {file}: {error.err}")
        self.net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        self.net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

    def run(self, image):
        self.net.setInput(image)
        return self.net.forward(self.names)


def slot(executor, image):
    """Seconds of one run."""
    runs, begin, now = 0, time.perf_counter(), 0.0
    while now < SLOT_S:
        executor.run(image)
        runs, now = runs + 1, time.perf_counter() - begin
    return now / runs


def difference(ours, theirs):
    """Largest, relative to the largest value of the output."""
    return max(float(np.abs(a - b.reshape(a.shape)).max() / max(np.abs(b).max(), 1e-6)) for a, b in zip(ours, theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=installed.pose_network())
    parser.add_argument("--rounds", type=int, default=MOST, help=f"2 to {MOST} (default: {MOST})")
    parser.add_argument("--shape", default="1x3x288x384", help="of the input, where the file leaves it open")
    parser.add_argument("--library", default=installed.library())
    arguments = parser.parse_args()
    if not 2 <= arguments.rounds <= MOST:
        parser.error(f"--rounds takes 2 to {MOST}")
    own = Own(arguments.library, arguments.file, [int(side) for side in arguments.shape.split("x")])
    rival = Rival(arguments.file, own.names)
    image = np.random.default_rng(1).uniform(-1, 1, own.input.shape).astype(np.float32)
    worst = difference(own.run(image), rival.run(image)) # also each one's first run, which is not timed
    print(f"outputs differ by at most {worst:.2g} of an output's largest value (limit {LIMIT:g})")
    if not worst <= LIMIT:
        sys.exit(1)
    times = {own: [], rival: []}
    for number in range(arguments.rounds):
        for executor in (own, rival) if number % 2 == 0 else (rival, own):
            times[executor].append(slot(executor, image))
    mean, low, high = ratio_interval([theirs / ours for ours, theirs in zip(times[own], times[rival])])
    print(f"photofinish {1e3 * np.mean(times[own]):.2f} ms, OpenCV {cv2.__version__} DNN {1e3 * np.mean(times[rival]):.2f} ms"
          f" a run, one thread each, {arguments.rounds} rounds")
    print(f"photofinish is {mean:.2f} times as fast as OpenCV DNN"
          f" (95 % t-interval {low:.2f} to {high:.2f}, n = {arguments.rounds})")


if __name__ == "__main__":
    main()
