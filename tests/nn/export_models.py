#!/usr/bin/env python3
"""Exports models from torch with random weights, and what torch computes on random inputs. Usage: export_models.py
FOLDER [NAME...]. Writes NAME.onnx, NAME.bin (inputs, then outputs: see write_case) for each model."""
import pathlib
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TYPES = {np.dtype("float32"): 0, np.dtype("int32"): 1, np.dtype("int64"): 2, np.dtype("uint8"): 3, np.dtype("bool"): 4, np.dtype("int8"): 5}


def write_case(path, tensors):
    """Magic, number of inputs and outputs; then for each: type, rank, dims (int32), data."""
    inputs, outputs = tensors
    with open(path, "wb") as file:
        file.write(struct.pack("<4sii", b"PFNN", len(inputs), len(outputs)))
        for tensor in [*inputs, *outputs]:
            array = np.ascontiguousarray(tensor.detach().numpy())
            file.write(struct.pack("<ii", TYPES[array.dtype], array.ndim))
            file.write(struct.pack(f"<{array.ndim}i", *array.shape) + array.tobytes())


def export(folder, name, model, inputs, opset=13):
    model.eval()
    with torch.no_grad():
        outputs = model(*inputs)
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    torch.onnx.export(model, inputs, folder / f"{name}.onnx", opset_version=opset, do_constant_folding=True)
    write_case(folder / f"{name}.bin", (inputs, outputs))


def randomize(model):
    """Batch norms that do something, activations that stay in range."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def conv(ins, outs, kernel, stride=1, groups=1, act=None, bias=False):
    layers = [nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=bias), nn.BatchNorm2d(outs)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Bottleneck(nn.Module):
    """ResNet's."""

    def __init__(self, ins, width, stride):
        super().__init__()
        self.body = nn.Sequential(conv(ins, width, 1, act=nn.ReLU), conv(width, width, 3, stride, act=nn.ReLU),
                                  conv(width, 4 * width, 1))
        self.skip = conv(ins, 4 * width, 1, stride) if stride > 1 or ins != 4 * width else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


class SimpleBaseline(nn.Module):
    """Xiao et al. 2018: ResNet-50 and three transposed convolutions; heatmaps [N,17,64,48]."""

    def __init__(self):
        super().__init__()
        layers, ins = [conv(3, 64, 7, 2, act=nn.ReLU), nn.MaxPool2d(3, 2, 1)], 64
        for width, count, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
            for i in range(count):
                layers.append(Bottleneck(ins, width, stride if i == 0 else 1))
                ins = 4 * width
        for _ in range(3):
            layers += [nn.ConvTranspose2d(ins, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU()]
            ins = 256
        self.layers = nn.Sequential(*layers, nn.Conv2d(256, 17, 1))

    def forward(self, x):
        return self.layers(x)


class SmallResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(conv(3, 16, 3, 2, act=nn.ReLU), nn.MaxPool2d(3, 2, 1), Bottleneck(16, 16, 1),
                                    Bottleneck(64, 32, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))

    def forward(self, x):
        return self.layers(x)


class ChannelAttention(nn.Module):
    """RTMDet's: global pool, 1x1 convolution, hard sigmoid."""

    def __init__(self, channels):
        super().__init__()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc(self.pool(x)))


class CSPNeXtBlock(nn.Module):
    def __init__(self, channels, add):
        super().__init__()
        self.one = conv(channels, channels, 3, act=nn.SiLU)
        self.two = nn.Sequential(conv(channels, channels, 5, groups=channels, act=nn.SiLU),
                                 conv(channels, channels, 1, act=nn.SiLU))
        self.add = add

    def forward(self, x):
        y = self.two(self.one(x))
        return x + y if self.add else y


class CSPLayer(nn.Module):
    def __init__(self, ins, outs, count, add):
        super().__init__()
        half = outs // 2
        self.main, self.short = conv(ins, half, 1, act=nn.SiLU), conv(ins, half, 1, act=nn.SiLU)
        self.blocks = nn.Sequential(*[CSPNeXtBlock(half, add) for _ in range(count)])
        self.attention, self.final = ChannelAttention(outs), conv(outs, outs, 1, act=nn.SiLU)

    def forward(self, x):
        return self.final(self.attention(torch.cat([self.blocks(self.main(x)), self.short(x)], 1)))


class SPP(nn.Module):
    def __init__(self, ins, outs):
        super().__init__()
        self.one, self.two = conv(ins, ins // 2, 1, act=nn.SiLU), conv(ins // 2 * 4, outs, 1, act=nn.SiLU)
        self.pools = nn.ModuleList([nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13)])

    def forward(self, x):
        x = self.one(x)
        return self.two(torch.cat([x, *[pool(x) for pool in self.pools]], 1))


class ScaleNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale, self.g = dim ** -0.5, nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x / (torch.norm(x, dim=2, keepdim=True) * self.scale).clamp(min=1e-5) * self.g


class GatedAttention(nn.Module):
    """RTMPose's gated attention unit over the keypoints."""

    def __init__(self, dim=256, expand=512, s=128):
        super().__init__()
        self.e, self.s, self.norm = expand, s, ScaleNorm(dim)
        self.uv, self.o = nn.Linear(dim, 2 * expand + s, bias=False), nn.Linear(expand, dim, bias=False)
        self.gamma, self.beta = nn.Parameter(torch.rand(2, s)), nn.Parameter(torch.rand(2, s))
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        y = F.silu(self.uv(self.norm(x)))
        u, v, base = torch.split(y, [self.e, self.e, self.s], dim=2)
        base = base.unsqueeze(2) * self.gamma[None, None, :] + self.beta
        q, k = torch.unbind(base, dim=2)
        kernel = torch.square(F.relu(torch.bmm(q, k.permute(0, 2, 1)) / self.s ** 0.5))
        return x * self.scale + self.o(u * torch.bmm(kernel, v))


class RTMPose(nn.Module):
    """Jiang et al. 2023, size t: CSPNeXt, 7x7 convolution, gated attention, SimCC outputs. `width` of the stem."""

    def __init__(self, width=24, cells=48, dim=256, bins=(384, 512)):
        super().__init__()
        act, half = nn.SiLU, width // 2
        self.stem = nn.Sequential(conv(3, half, 3, 2, act=act), conv(half, half, 3, act=act), conv(half, width, 3, act=act))
        stages = []
        for times, add, spp in [(1, True, False), (2, True, False), (4, True, False), (8, False, True)]:
            ins, outs = times * width, 2 * times * width
            stages += [conv(ins, outs, 3, 2, act=act), *([SPP(outs, outs)] if spp else []), CSPLayer(outs, outs, 1, add)]
        self.stages, self.final = nn.Sequential(*stages), nn.Conv2d(16 * width, 17, 7, 1, 3)
        self.mlp = nn.Sequential(ScaleNorm(cells), nn.Linear(cells, dim, bias=False))
        self.gau = GatedAttention(dim, 2 * dim, dim // 2)
        self.x, self.y = nn.Linear(dim, bins[0], bias=False), nn.Linear(dim, bins[1], bias=False)

    def forward(self, x):
        x = torch.flatten(self.final(self.stages(self.stem(x))), 2)
        x = self.gau(self.mlp(x))
        return self.x(x), self.y(x)


class C2f(nn.Module):
    """YOLOv8's."""

    def __init__(self, ins, outs, count, add):
        super().__init__()
        self.c, self.add = outs // 2, add
        self.one, self.two = conv(ins, outs, 1, act=nn.SiLU), conv((2 + count) * self.c, outs, 1, act=nn.SiLU)
        self.m = nn.ModuleList([nn.Sequential(conv(self.c, self.c, 3, act=nn.SiLU), conv(self.c, self.c, 3, act=nn.SiLU))
                                for _ in range(count)])

    def forward(self, x):
        parts = list(self.one(x).chunk(2, 1))
        for block in self.m:
            y = block(parts[-1])
            parts.append(parts[-1] + y if self.add else y)
        return self.two(torch.cat(parts, 1))


class SPPF(nn.Module):
    def __init__(self, ins, outs):
        super().__init__()
        self.one, self.two = conv(ins, ins // 2, 1, act=nn.SiLU), conv(ins * 2, outs, 1, act=nn.SiLU)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        x = self.one(x)
        y = self.pool(x)
        z = self.pool(y)
        return self.two(torch.cat([x, y, z, self.pool(z)], 1))


class Attention(nn.Module):
    """YOLO11's C2PSA: softmax attention over positions, positions by a depthwise convolution."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.head_dim, self.key_dim = heads, dim // heads, dim // heads // 2
        self.qkv, self.proj = conv(dim, dim + self.key_dim * heads * 2, 1), conv(dim, dim, 1)
        self.pe = conv(dim, dim, 3, groups=dim)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(x).view(b, self.heads, self.key_dim * 2 + self.head_dim, h * w).split(
            [self.key_dim, self.key_dim, self.head_dim], dim=2)
        attention = ((q.transpose(-2, -1) @ k) * self.key_dim ** -0.5).softmax(dim=-1)
        x = (v @ attention.transpose(-2, -1)).view(b, c, h, w) + self.pe(v.reshape(b, c, h, w))
        return self.proj(x)


class YoloPose(nn.Module):
    """YOLOv8n-pose with YOLO11's attention: output [1,56,8400], decoded."""

    def __init__(self, size=640, width=16, head=64):
        super().__init__()
        act, self.size, w = nn.SiLU, size, width
        self.p3 = nn.Sequential(conv(3, w, 3, 2, act=act), conv(w, 2 * w, 3, 2, act=act), C2f(2 * w, 2 * w, 1, True),
                                conv(2 * w, 4 * w, 3, 2, act=act), C2f(4 * w, 4 * w, 2, True))
        self.p4 = nn.Sequential(conv(4 * w, 8 * w, 3, 2, act=act), C2f(8 * w, 8 * w, 2, True))
        self.p5 = nn.Sequential(conv(8 * w, 16 * w, 3, 2, act=act), C2f(16 * w, 16 * w, 1, True), SPPF(16 * w, 16 * w),
                                Attention(16 * w, 4))
        self.up4, self.up3 = C2f(24 * w, 8 * w, 1, False), C2f(12 * w, 4 * w, 1, False)
        self.down3, self.n4 = conv(4 * w, 4 * w, 3, 2, act=act), C2f(12 * w, 8 * w, 1, False)
        self.down4, self.n5 = conv(8 * w, 8 * w, 3, 2, act=act), C2f(24 * w, 16 * w, 1, False)
        heads = lambda outs, hidden: nn.ModuleList([nn.Sequential(
            conv(c * w, hidden, 3, act=act), conv(hidden, hidden, 3, act=act), nn.Conv2d(hidden, outs, 1)) for c in (4, 8, 16)])
        self.box, self.cls, self.kpt = heads(64, head), heads(1, head), heads(51, min(head, 51))
        self.register_buffer("bins", torch.arange(16, dtype=torch.float32).view(1, 16, 1, 1))
        anchors, strides = [], []
        for stride in (8, 16, 32):
            n = size // stride
            y, x = torch.meshgrid(torch.arange(n) + 0.5, torch.arange(n) + 0.5, indexing="ij")
            anchors.append(torch.stack((x, y), -1).view(-1, 2))
            strides.append(torch.full((n * n, 1), float(stride)))
        self.register_buffer("anchors", torch.cat(anchors).T.contiguous())
        self.register_buffer("strides", torch.cat(strides).T.contiguous())

    def forward(self, x):
        up = lambda t: F.interpolate(t, scale_factor=2.0, mode="nearest")
        p3 = self.p3(x)
        p4 = self.p4(p3)
        p5 = self.p5(p4)
        n4 = self.up4(torch.cat([up(p5), p4], 1))
        n3 = self.up3(torch.cat([up(n4), p3], 1))
        n4 = self.n4(torch.cat([self.down3(n3), n4], 1))
        n5 = self.n5(torch.cat([self.down4(n4), p5], 1))
        levels = [n3, n4, n5]
        join = lambda head, outs: torch.cat([h(t).view(1, outs, -1) for h, t in zip(head, levels)], 2)
        box, cls, kpt = join(self.box, 64), join(self.cls, 1), join(self.kpt, 51)
        distance = (box.view(1, 4, 16, -1).transpose(2, 1).softmax(1) * self.bins).sum(1)
        first, second = distance.chunk(2, 1)
        first, second = self.anchors - first, self.anchors + second
        box = torch.cat([(first + second) / 2, second - first], 1) * self.strides
        kpt = kpt.view(1, 17, 3, -1)
        xy = (kpt[:, :, :2] * 2.0 + (self.anchors - 0.5)) * self.strides
        kpt = torch.cat([xy, kpt[:, :, 2:3].sigmoid()], 2).view(1, 51, -1)
        return torch.cat([box, cls.sigmoid(), kpt], 1)


class MoveNet(nn.Module):
    """Google's: int32 NHWC input, centre heatmap, regression, offsets; [1,1,17,3] as y, x, score."""

    def __init__(self):
        super().__init__()
        relu6, layers, ins = nn.ReLU6, [conv(3, 16, 3, 2, act=nn.ReLU6)], 16
        for outs, stride in [(24, 2), (32, 1), (48, 1)]:
            layers += [conv(ins, 4 * ins, 1, act=relu6), conv(4 * ins, 4 * ins, 3, stride, groups=4 * ins, act=relu6),
                       conv(4 * ins, outs, 1)]
            ins = outs
        self.body = nn.Sequential(*layers)
        head = lambda outs: nn.Sequential(conv(48, 24, 3, act=nn.ReLU), nn.Conv2d(24, outs, 1))
        self.centre, self.regress, self.heat, self.offset = head(1), head(34), head(17), head(34)
        rows = torch.arange(48, dtype=torch.float32)
        self.register_buffer("gy", rows.view(48, 1, 1).expand(48, 48, 1).contiguous())
        self.register_buffer("gx", rows.view(1, 48, 1).expand(48, 48, 1).contiguous())
        distance = (rows - 23.5) ** 2
        self.register_buffer("prior", 1 / ((distance.view(48, 1) + distance.view(1, 48)).sqrt() + 1.8))

    def forward(self, image):
        x = self.body(image.to(torch.float32).permute(0, 3, 1, 2) * 0.0078125 - 1.0)
        nhwc = lambda t: t.permute(0, 2, 3, 1)[0]
        centre = torch.sigmoid(self.centre(x))[0, 0] * self.prior
        at = torch.argmax(centre.reshape(-1), 0)
        y, x0 = torch.div(at, 48, rounding_mode="floor"), at % 48
        regress = nhwc(self.regress(x))[y, x0].view(17, 2) + torch.stack([y, x0]).to(torch.float32)
        heat = torch.sigmoid(nhwc(self.heat(x)))
        dy, dx = self.gy - regress[:, 0], self.gx - regress[:, 1]
        weighted = (heat / ((dy * dy + dx * dx).sqrt() + 1.8)).reshape(-1, 17)
        best = torch.argmax(weighted, 0)
        by, bx = torch.div(best, 48, rounding_mode="floor"), best % 48
        k = torch.arange(17)
        score = heat[by, bx, k]
        offset = nhwc(self.offset(x)).view(48, 48, 17, 2)[by, bx, k]
        ky = (by.to(torch.float32) + offset[:, 0]) / 48
        kx = (bx.to(torch.float32) + offset[:, 1]) / 48
        return torch.stack([ky, kx, score], 1).view(1, 1, 17, 3)


class DepthwisePose(nn.Module):
    """MobileNetV2-like, 256x192, with depthwise transposed convolutions before the 1x1 ones; heatmaps [N,17,64,48]."""

    def __init__(self, width=128):
        super().__init__()
        relu6, layers, ins = nn.ReLU6, [conv(3, 16, 3, 2, act=nn.ReLU6)], 16
        for outs, stride in [(24, 2), (32, 2), (64, 2), (width, 2)]:
            layers += [conv(ins, 4 * ins, 1, act=relu6), conv(4 * ins, 4 * ins, 3, stride, groups=4 * ins, act=relu6),
                       conv(4 * ins, outs, 1)]
            ins = outs
        for _ in range(3):
            layers += [nn.ConvTranspose2d(ins, ins, 4, 2, 1, groups=ins, bias=False), nn.BatchNorm2d(ins), nn.ReLU(),
                       conv(ins, ins, 1, act=nn.ReLU)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(ins, 17, 1))

    def forward(self, x):
        return self.layers(x)


def models():
    image = lambda h, w: (torch.randn(1, 3, h, w),)
    return {
        "resnet_small": lambda: (SmallResNet(), image(64, 48), 13),
        "simple_baseline": lambda: (SimpleBaseline(), image(256, 192), 13),
        "rtmpose": lambda: (RTMPose(), image(256, 192), 11),
        "yolo_pose": lambda: (YoloPose(), image(640, 640), 12),
        "depthwise_pose": lambda: (DepthwisePose(), image(256, 192), 13),
        "movenet": lambda: (MoveNet(), (torch.randint(0, 256, (1, 192, 192, 3), dtype=torch.int32),), 13),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or list(models())
    for name in wanted:
        torch.manual_seed(7)
        model, inputs, opset = models()[name]()
        export(folder, name, randomize(model), inputs, opset)
        print(name, flush=True)


if __name__ == "__main__":
    main()
