#!/usr/bin/env python3
"""The different convolutions of pose networks as they were published, in full width; the test of plans reads them from layers.txt.
Usage: published_layers.py > layers.txt. Sources: SimpleBaseline with ResNet-50 (Xiao, Wu and Wei 2018), RTMPose-m (CSPNeXt, Jiang and
others 2023), YOLOv8n-pose (Ultralytics 2023), MobileNetV2 (Sandler and others 2018), which is MoveNet Lightning's backbone. Of MoveNet's
decoder its model card says no more than a feature pyramid to stride 4 and four heads; the layers are those of the same group's open
CenterNet on MobileNetV2 with separable convolutions (TensorFlow's Object Detection API), with MoveNet's input and keypoints."""

seen = set()


def conv(graph, ins, size, outs, kernel, stride=1, groups=1, act="none", added=0):
    """One line where it is new; the size of the output."""
    line = f"{graph} {ins} {size[0]} {size[1]} {outs} {kernel} {stride} {groups} {act} {added} 0"
    if line not in seen:
        seen.add(line)
        print(line)
    pad = kernel // 2
    return tuple((side + 2 * pad - kernel) // stride + 1 for side in size)


def transposed(graph, ins, size, outs, kernel, stride, act):
    line = f"{graph} {ins} {size[0]} {size[1]} {outs} {kernel} {stride} 1 {act} 0 1"
    if line not in seen:
        seen.add(line)
        print(line)
    return tuple(side * stride for side in size)


def simple_baseline():
    name = "simple-baseline"
    size = conv(name, 3, (256, 192), 64, 7, 2, act="relu")
    size, ins = (size[0] // 2, size[1] // 2), 64
    for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for i in range(count):
            step = stride if i == 0 else 1
            conv(name, ins, size, width, 1, act="relu")
            after = conv(name, width, size, width, 3, step, act="relu")
            if i == 0:
                conv(name, ins, size, 4 * width, 1, step)
            conv(name, width, after, 4 * width, 1, act="relu", added=1)
            size, ins = after, 4 * width
    for _ in range(3):
        size, ins = transposed(name, ins, size, 256, 4, 2, "relu"), 256
    conv(name, 256, size, 17, 1)


def rtmpose():
    name = "rtmpose-m"
    size = conv(name, 3, (256, 192), 24, 3, 2, act="silu")
    conv(name, 24, size, 24, 3, act="silu")
    conv(name, 24, size, 48, 3, act="silu")
    ins = 48
    for outs, blocks, last in ((96, 2, False), (192, 4, False), (384, 4, False), (768, 2, True)):
        size = conv(name, ins, size, outs, 3, 2, act="silu")
        if last:
            conv(name, outs, size, outs // 2, 1, act="silu")
            conv(name, 2 * outs, size, outs, 1, act="silu")
        half = outs // 2
        conv(name, outs, size, half, 1, act="silu")
        for _ in range(blocks):
            conv(name, half, size, half, 3, act="silu")
            conv(name, half, size, half, 5, groups=half, act="silu")
            conv(name, half, size, half, 1, act="silu")
        conv(name, outs, (1, 1), outs, 1)
        conv(name, outs, size, outs, 1, act="silu")
        ins = outs
    conv(name, 768, size, 17, 7)


def c2f(name, ins, size, outs, count):
    conv(name, ins, size, outs, 1, act="silu")
    for _ in range(count):
        conv(name, outs // 2, size, outs // 2, 3, act="silu")
    conv(name, (2 + count) * outs // 2, size, outs, 1, act="silu")


def yolo():
    name = "yolov8n-pose"
    size, ins = (640, 640), 3
    sizes = {}
    for outs, count in ((16, 0), (32, 1), (64, 2), (128, 2), (256, 1)):
        size = conv(name, ins, size, outs, 3, 2, act="silu")
        if count:
            c2f(name, outs, size, outs, count)
        sizes[outs], ins = size, outs
    conv(name, 256, size, 128, 1, act="silu")
    conv(name, 512, size, 256, 1, act="silu")
    c2f(name, 384, sizes[128], 128, 1)
    c2f(name, 192, sizes[64], 64, 1)
    conv(name, 64, sizes[64], 64, 3, 2, act="silu")
    c2f(name, 192, sizes[128], 128, 1)
    conv(name, 128, sizes[128], 128, 3, 2, act="silu")
    c2f(name, 384, sizes[256], 256, 1)
    for channels in (64, 128, 256):
        for width, last in ((64, 64), (64, 1), (51, 51)):
            conv(name, channels, sizes[channels], width, 3, act="silu")
            conv(name, width, sizes[channels], width, 3, act="silu")
            conv(name, width, sizes[channels], last, 1)


def mobilenet():
    name = "mobilenet-v2"
    size, ins = conv(name, 3, (192, 192), 32, 3, 2, act="relu6"), 32
    for expand, outs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(count):
            wide = ins * expand
            if expand > 1:
                conv(name, ins, size, wide, 1, act="relu6")
            size = conv(name, wide, size, wide, 3, stride if i == 0 else 1, wide, "relu6")
            conv(name, wide, size, outs, 1, added=int(i > 0))
            ins = outs


def movenet_decoder():
    name = "movenet-decoder"
    conv(name, 320, (6, 6), 1280, 1, act="relu6")
    ins = 1280
    for outs, skip, side in ((64, 96, 12), (32, 32, 24), (24, 24, 48)):
        conv(name, ins, (side // 2, side // 2), outs, 1, act="relu")
        conv(name, skip, (side, side), outs, 1, act="relu")
        conv(name, outs, (side, side), outs, 3, groups=outs)
        conv(name, outs, (side, side), outs, 1, act="relu")
        ins = outs
    for outs in (1, 17, 34, 34):  # centre, keypoints, their places from the centre, the rest of their places
        conv(name, 24, (48, 48), 24, 3, groups=24)
        conv(name, 24, (48, 48), 96, 1, act="relu")
        conv(name, 96, (48, 48), outs, 1)


simple_baseline()
rtmpose()
yolo()
mobilenet()
movenet_decoder()
