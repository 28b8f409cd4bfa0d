#!/usr/bin/env python3
"""Vectors of operators by the formulas of ONNX's operator documentation, in numpy alone: neither torch nor our kernels
have a say. Usage: derive_ops.py FOLDER. tests/nn/vectors/ holds what it wrote once; a test derives them anew."""
import pathlib
import struct
import sys

import numpy as np

ONNX_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9}
CASE_TYPES = {"float32": 0, "int32": 1, "int64": 2, "uint8": 3, "bool": 4, "int8": 5}


# --- the wire format of ONNX files ---
def varint(value):
    value, out = value & (2**64 - 1), bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    head = text(1, name)
    if isinstance(value, str):
        return head + text(4, value) + number(20, 3)
    if isinstance(value, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, (list, tuple)):
        return head + b"".join(number(8, v) for v in value) + number(20, 7)
    return head + number(3, value) + number(20, 2)


def info(name, array):
    dims = b"".join(text(1, number(1, d)) for d in array.shape)
    return text(1, name) + text(2, text(1, number(1, ONNX_TYPES[array.dtype.name]) + text(2, dims)))


def tensor(name, array):
    return (b"".join(number(1, d) for d in array.shape) + number(2, ONNX_TYPES[array.dtype.name]) + text(8, name)
            + text(9, np.ascontiguousarray(array).tobytes()))


def write(folder, name, operator, opset, inputs, outputs, attributes):
    """Inputs are arrays, ("constant", array) or None where one is left out."""
    node, graph, given = b"", b"", []
    for i, value in enumerate(inputs):
        if value is None:
            node += text(1, "")
            continue
        node += text(1, f"i{i}")
        if isinstance(value, tuple):
            graph += text(5, tensor(f"i{i}", value[1]))
        else:
            graph += text(11, info(f"i{i}", value))
            given.append(value)
    for i, value in enumerate(outputs):
        node += text(2, f"o{i}")
        graph += text(12, info(f"o{i}", value))
    node += text(3, name) + text(4, operator) + b"".join(text(5, attribute(k, v)) for k, v in attributes.items())
    model = number(1, 8) + text(7, text(1, node) + text(2, "g") + graph) + text(8, text(1, "") + number(2, opset))
    (folder / f"{name}.onnx").write_bytes(model)
    with open(folder / f"{name}.bin", "wb") as file:
        file.write(struct.pack("<4sii", b"PFNN", len(given), len(outputs)))
        for array in [*given, *outputs]:
            file.write(struct.pack("<ii", CASE_TYPES[array.dtype.name], array.ndim))
            file.write(struct.pack(f"<{array.ndim}i", *array.shape) + np.ascontiguousarray(array).tobytes())


# --- the formulas ---
def hardmax(x, axis):
    """1 for the first maximum along the axis, 0 for all others."""
    return (np.arange(x.shape[axis]).reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
            == np.expand_dims(x.argmax(axis), axis)).astype(np.float32)


def lrn(x, size, alpha, beta, bias):
    """square_sum[n, c] = sum(X[n, i]^2), max(0, c - floor((size - 1) / 2)) <= i <= min(C - 1, c + ceil((size - 1) / 2));
    Y = X / (bias + alpha / size * square_sum)^beta"""
    squares, channels = np.zeros_like(x, np.float64), x.shape[1]
    for c in range(channels):
        low, high = max(0, c - (size - 1) // 2), min(channels - 1, c + -(-(size - 1) // 2))
        squares[:, c] = (x[:, low:high + 1].astype(np.float64) ** 2).sum(1)
    return (x / (bias + alpha / size * squares) ** beta).astype(np.float32)


def cumsum(x, axis, exclusive, reverse):
    x = np.flip(x, axis) if reverse else x
    total = np.cumsum(x, axis)
    total = total - x if exclusive else total
    return (np.flip(total, axis) if reverse else total).astype(x.dtype)


REDUCTIONS = {"none": lambda old, new: new, "add": lambda old, new: old + new, "mul": lambda old, new: old * new,
              "max": max, "min": min}


def scatter_elements(data, indices, updates, axis, reduction="none"):
    """output[index with position `axis` replaced by indices[index]] = updates[index]"""
    out = data.copy()
    for at in np.ndindex(indices.shape):
        to = list(at)
        to[axis] = indices[at]
        out[tuple(to)] = REDUCTIONS[reduction](out[tuple(to)], updates[at])
    return out


def scatter_nd(data, indices, updates, reduction="none"):
    """for idx in np.ndindex(indices.shape[:-1]): output[indices[idx]] = updates[idx]"""
    out = data.copy()
    for at in np.ndindex(indices.shape[:-1]):
        to = tuple(indices[at])
        joined = np.vectorize(REDUCTIONS[reduction])(out[to], updates[at]) if np.size(out[to]) else out[to]
        out[to] = joined
    return out


def grid_sample(x, grid, mode, padding, align):
    """x and y of the grid from -1..1 to pixels: align_corners: (v + 1) / 2 * (size - 1), else ((v + 1) * size - 1) / 2."""
    n, channels, h, w = x.shape
    out = np.zeros((n, channels, *grid.shape[1:3]), np.float64)

    def denormalise(v, size):
        return (v + 1) / 2 * (size - 1) if align else ((v + 1) * size - 1) / 2

    def pad(v, size):
        if padding == "reflection":
            low, high = (0, size - 1) if align else (-0.5, size - 0.5)
            while high > low and not low <= v <= high:
                v = 2 * low - v if v < low else 2 * high - v
        return v if padding == "zeros" else min(max(v, 0), size - 1)

    def pixel(image, row, column):
        row, column = int(pad(row, h)), int(pad(column, w))
        return image[row, column] if 0 <= row < h and 0 <= column < w else 0.0

    def cubic(t, a=-0.75):
        t = abs(t)
        return (a + 2) * t**3 - (a + 3) * t**2 + 1 if t <= 1 else a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a

    for b, c, i, k in np.ndindex(out.shape):
        gx, gy = (float(v) for v in grid[b, i, k])
        px, py, image = denormalise(gx, w), denormalise(gy, h), x[b, c].astype(np.float64)
        if mode == "cubic":
            left, top = int(np.floor(px)), int(np.floor(py))
            out[b, c, i, k] = sum(cubic(py - r) * cubic(px - q) * pixel(image, r, q)
                                  for r in range(top - 1, top + 3) for q in range(left - 1, left + 3))
            continue
        px, py = pad(px, w), pad(py, h)
        if mode == "nearest":
            out[b, c, i, k] = pixel(image, np.rint(py), np.rint(px))
            continue
        left, top = int(np.floor(px)), int(np.floor(py))
        out[b, c, i, k] = sum((1 - abs(py - r)) * (1 - abs(px - q)) * pixel(image, r, q)
                              for r in (top, top + 1) for q in (left, left + 1))
    return out.astype(np.float32)


def non_max_suppression(boxes, scores, most, overlap, least, centre):
    rows = []

    def corners(b):
        if centre:
            return b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2
        return min(b[1], b[3]), min(b[0], b[2]), max(b[1], b[3]), max(b[0], b[2])

    def iou(p, q):
        (a, b, c, d), (e, f, g, h) = corners(p), corners(q)
        shared = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
        return shared / ((c - a) * (d - b) + (g - e) * (h - f) - shared)

    for n, c in np.ndindex(scores.shape[:2]):
        taken = []
        for k in sorted(range(scores.shape[2]), key=lambda i: (-scores[n, c, i], i)):
            if len(taken) < most and scores[n, c, k] > least and all(
                    iou(boxes[n, k], boxes[n, t]) <= overlap for t in taken):
                taken.append(k)
        rows += [[n, c, k] for k in taken]
    return np.array(rows, np.int64).reshape(-1, 3)


def limits(dtype):
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def quantize(x, scale, zero, axis=None):
    """y = saturate(round(x / y_scale) + y_zero_point), halves to even"""
    shape = [-1 if i == axis else 1 for i in range(x.ndim)] if axis is not None else []
    whole = np.rint(x / scale.reshape(shape)) + zero.reshape(shape).astype(np.float64)
    return np.clip(whole, *limits(zero.dtype)).astype(zero.dtype)


def dequantize(x, scale, zero, axis=None):
    """y = (x - x_zero_point) * x_scale"""
    shape = [-1 if i == axis else 1 for i in range(x.ndim)] if axis is not None else []
    return ((x.astype(np.int64) - zero.reshape(shape).astype(np.int64)) * scale.reshape(shape)).astype(np.float32)


def integer_conv(x, w, x_zero, w_zero, pads, stride, groups, bias=None):
    x = np.pad(x.astype(np.int64) - int(x_zero), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    w = w.astype(np.int64) - np.asarray(w_zero, np.int64).reshape(-1, 1, 1, 1)
    (n, channels, h, width), (outs, ins, kh, kw) = x.shape, w.shape
    y = np.zeros((n, outs, (h - kh) // stride + 1, (width - kw) // stride + 1), np.int64)
    for b, o, i, k in np.ndindex(y.shape):
        first = o // (outs // groups) * ins
        y[b, o, i, k] = (x[b, first:first + ins, i * stride:i * stride + kh, k * stride:k * stride + kw] * w[o]).sum()
    return y + (0 if bias is None else bias.astype(np.int64).reshape(1, -1, 1, 1))


def requantize(total, factor, zero):
    return np.clip(np.rint(total * factor) + int(zero), *limits(zero.dtype)).astype(zero.dtype)


def cases(draw):
    f = lambda *shape: draw.standard_normal(shape).astype(np.float32)
    byte = lambda dtype, *shape: draw.integers(*limits(dtype), shape, endpoint=True).astype(dtype)
    one = lambda value, dtype=np.float32: np.array(value, dtype)
    fixed = lambda array: ("constant", array)
    x, wide = f(2, 5, 4, 3), 3 * f(1, 6, 5, 4)
    alpha, gamma = 1.67326319217681884765625, 1.05070102214813232421875
    yield "selu", "Selu", 6, [wide], [np.where(wide > 0, gamma * wide, gamma * (alpha * np.exp(wide) - alpha))], {}
    yield "selu_stated", "Selu", 6, [wide], [np.where(wide > 0, 3 * wide, 3 * (2 * np.exp(wide) - 2))], {"alpha": 2.0, "gamma": 3.0}
    yield "celu", "Celu", 12, [wide], [np.maximum(0, wide) + np.minimum(0, 2 * (np.exp(wide / 2) - 1))], {"alpha": 2.0}
    yield "softsign", "Softsign", 6, [wide], [wide / (1 + np.abs(wide))], {}
    yield "thresholded_relu", "ThresholdedRelu", 10, [wide], [np.where(wide > 1, wide, 0)], {}
    yield "shrink", "Shrink", 9, [wide], [np.where(wide < -1.5, wide + 0.5, np.where(wide > 1.5, wide - 0.5, 0))], {"lambd": 1.5, "bias": 0.5}
    ties = np.round(2 * x)
    yield "hardmax", "Hardmax", 13, [ties], [hardmax(ties, -1)], {}
    yield "hardmax_axis", "Hardmax", 13, [ties], [hardmax(ties, 1)], {"axis": 1}
    yield "hardmax_flat", "Hardmax", 11, [ties], [hardmax(ties.reshape(2, -1), 1).reshape(ties.shape)], {}
    a, b = f(2, 1, 3), f(4, 1)
    yield "mean_of_three", "Mean", 13, [a, b, f(1)], None, {}
    for name, size, beta in [("lrn", 5, 0.75), ("lrn_even", 4, 0.5), ("lrn_wide", 21, 1.0)]:
        yield name, "LRN", 13, [wide], [lrn(wide, size, 0.5, beta, 1.5)], {"size": size, "alpha": 0.5, "beta": beta, "bias": 1.5}
    for exclusive, reverse in [(0, 0), (1, 0), (0, 1), (1, 1)]:
        yield (f"cumsum_{exclusive}{reverse}", "CumSum", 14, [x, fixed(one(1, np.int32))],
               [cumsum(x, 1, exclusive, reverse)], {"exclusive": exclusive, "reverse": reverse})
    whole = draw.integers(-9, 9, (3, 4))
    yield "cumsum_int", "CumSum", 11, [whole, fixed(np.array([-1]))], [cumsum(whole, 1, 0, 0)], {}
    for reduction, opset in [("none", 13), ("add", 16), ("mul", 16), ("max", 18), ("min", 18)]:
        extra = {} if reduction == "none" else {"reduction": reduction}
        rows = np.array([[1, 0], [3, 2]]) if reduction == "none" else np.array([[1, -1], [1, -4]])
        data, updates = f(4, 3), f(2, 2)
        yield (f"scatter_elements_{reduction}", "ScatterElements", opset, [data, rows, updates],
               [scatter_elements(data, rows % 4, updates, 0, reduction)], {**extra, "axis": -2})
        data, updates = f(4, 3, 2), f(3, 2)
        tuples = np.array([[0, 1], [3, 2], [2, 0]]) if reduction == "none" else np.array([[0, 1], [-1, 2], [0, 1]])
        yield (f"scatter_nd_{reduction}", "ScatterND", opset, [data, tuples, updates],
               [scatter_nd(data, tuples, updates, reduction)], extra)
    data, rows, updates = draw.integers(-9, 9, (2, 3)).astype(np.int32), np.array([[2], [0]]), np.array([[5], [6]], np.int32)
    yield "scatter_opset10", "Scatter", 10, [data, rows, updates], [scatter_elements(data, rows, updates, 1)], {"axis": 1}
    picture, grid = f(2, 2, 4, 5), (1.4 * draw.uniform(-1, 1, (2, 3, 4, 2))).astype(np.float32)
    for mode, old in [("linear", "bilinear"), ("nearest", "nearest"), ("cubic", "bicubic")]:
        for padding in ("zeros", "border", "reflection"):
            for align in (0, 1):
                yield (f"grid_sample_{mode}_{padding}_{align}", "GridSample", 20 if align else 16, [picture, grid],
                       [grid_sample(picture, grid, mode, padding, align)],
                       {"mode": mode if align else old, "padding_mode": padding, "align_corners": align})
    corner, size = draw.uniform(0, 6, (2, 12, 2)), draw.uniform(2, 5, (2, 12, 2))
    boxes, centred = (np.concatenate(pair, 2).astype(np.float32) for pair in [(corner, corner + size), (corner + size / 2, size)])
    boxes[:, ::3] = boxes[:, ::3][:, :, [2, 3, 0, 1]]  # corners may stand in any order
    scores = np.round(draw.uniform(0, 1, (2, 3, 12)), 1).astype(np.float32)
    for name, shapes, centre in [("corners", boxes, 0), ("centres", centred, 1)]:
        yield (f"nms_{name}", "NonMaxSuppression", 11, [shapes, scores, fixed(np.array([4])), fixed(np.array([0.3], np.float32)),
               fixed(np.array([0.25], np.float32))], [non_max_suppression(shapes, scores, 4, 0.3, 0.25, centre)], {"center_point_box": centre})
    yield ("nms_all", "NonMaxSuppression", 10, [boxes, scores, fixed(one(99, np.int64)), one(0.5)],
           [non_max_suppression(boxes, scores, 99, 0.5, -1, 0)], {})
    yield "nms_none", "NonMaxSuppression", 11, [boxes, scores], [np.zeros((0, 3), np.int64)], {}
    for dtype in (np.uint8, np.int8):
        kind, zero = np.dtype(dtype).name, one(7, dtype)
        halves = (np.arange(-40, 40).reshape(2, 40) / 4).astype(np.float32)
        yield f"quantize_{kind}", "QuantizeLinear", 13, [halves, one(0.5), fixed(zero)], [quantize(halves, one(0.5), zero)], {}
        scales, zeros = np.array([0.1, 0.02, 0.5, 1, 0.03], np.float32), byte(dtype, 5)
        yield (f"quantize_axis_{kind}", "QuantizeLinear", 13, [x, fixed(scales), fixed(zeros)], [quantize(x, scales, zeros, 1)], {})
        packed = byte(dtype, 2, 5, 3)
        yield (f"dequantize_axis_{kind}", "DequantizeLinear", 13, [packed, fixed(scales), fixed(zeros)],
               [dequantize(packed, scales, zeros, 1)], {"axis": -2})
        yield f"dequantize_{kind}", "DequantizeLinear", 10, [packed, fixed(one(0.25)), fixed(zero)], [dequantize(packed, one(0.25), zero)], {}
    sums = draw.integers(-1000, 1000, (3, 4)).astype(np.int32)
    yield "dequantize_int32", "DequantizeLinear", 10, [sums, one(0.25)], [dequantize(sums, one(0.25), one(0, np.int32))], {}
    scale = (max(0, x.max()) - min(0, x.min())) / np.float32(255)
    zero = np.clip(np.rint(-min(0, x.min()) / scale), 0, 255).astype(np.uint8)
    yield "dynamic_quantize", "DynamicQuantizeLinear", 11, [x], [quantize(x, np.array(scale), np.array(zero)), np.array(scale), np.array(zero)], {}
    for name, groups, stride, w_type, ins in [("", 1, 1, np.int8, 4), ("_groups", 2, 2, np.uint8, 2), ("_depthwise", 4, 1, np.int8, 1)]:
        x8, w8, bias = byte(np.uint8, 1, 4, 6, 70), byte(w_type, 4, ins, 3, 3), draw.integers(-999, 999, 4).astype(np.int32)
        w_zero = one(0, np.int8) if w_type == np.int8 else byte(np.uint8, 4)
        pads, attributes = [1, 0, 2, 1], {"pads": [1, 0, 2, 1], "strides": [stride, stride], "group": groups}
        total = integer_conv(x8, w8, 120, w_zero, pads, stride, groups)
        yield f"conv_integer{name}", "ConvInteger", 10, [x8, fixed(w8), fixed(one(120, np.uint8)), fixed(w_zero)], [total.astype(np.int32)], attributes
        scales, y_scale = np.array([0.01, 0.02, 0.015, 0.04], np.float32), one(0.37 * (40 if ins > 1 else 8))
        factor = np.float32(0.6) * scales / y_scale
        yield (f"qlinear_conv{name}", "QLinearConv", 10, [x8, fixed(one(0.6)), fixed(one(120, np.uint8)), fixed(w8), fixed(scales),
               fixed(w_zero), fixed(y_scale), fixed(one(100, np.uint8)), fixed(bias)],
               [requantize(total + bias.reshape(1, -1, 1, 1), factor.reshape(1, -1, 1, 1), one(100, np.uint8))], attributes)
    p, q = byte(np.uint8, 2, 3, 5), byte(np.int8, 5, 4)
    zeros = byte(np.int8, 4)
    total = (p.astype(np.int64) - 99) @ (q.astype(np.int64) - zeros.astype(np.int64))
    yield "matmul_integer", "MatMulInteger", 10, [p, q, fixed(one(99, np.uint8)), fixed(zeros)], [total.astype(np.int32)], {}
    yield "matmul_integer_bare", "MatMulInteger", 10, [p, q], [(p.astype(np.int64) @ q.astype(np.int64)).astype(np.int32)], {}
    yield ("qlinear_matmul", "QLinearMatMul", 10, [p, one(0.1), one(99, np.uint8), q, one(0.2), one(3, np.int8), one(4.5), one(-8, np.int8)],
           [requantize((p.astype(np.int64) - 99) @ (q.astype(np.int64) - 3), np.float32(0.1) * np.float32(0.2) / np.float32(4.5), one(-8, np.int8))], {})


def main():
    folder, count = pathlib.Path(sys.argv[1]), 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, operator, opset, inputs, outputs, attributes in cases(np.random.default_rng(5)):
        if outputs is None:  # Mean
            outputs = [sum(value.astype(np.float64) for value in inputs) / len(inputs)]
        outputs = [np.asarray(o, np.float32) if o.dtype == np.float64 else o for o in outputs]
        write(folder, name, operator, opset, inputs, outputs, attributes)
        count += 1
    print(f"{count} cases")


main()
