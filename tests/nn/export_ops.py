#!/usr/bin/env python3
"""Exports single operators and short graphs from torch, with what torch computes. Usage: export_ops.py FOLDER.
tests/nn/vectors/ holds what it wrote once; tests compare with newly made ones where torch is installed."""
import pathlib
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

import export_models


class Call(nn.Module):
    def __init__(self, function, *modules):
        super().__init__()
        self.function, self.modules_list = function, nn.ModuleList(modules)

    def forward(self, *inputs):
        return self.function(*inputs, *self.modules_list)


def r(*shape):
    return torch.randn(*shape)


def cases():
    """name -> (module or function, inputs, opset)"""
    image, wide = r(1, 6, 5, 7), r(1, 16, 6, 5)
    modules = {
        "conv": (nn.Conv2d(6, 8, 3), image), "conv_stride": (nn.Conv2d(6, 8, 3, 2, 1), image),
        "conv_wide": (nn.Conv2d(16, 32, 3, 1, 1), wide), "conv_1x1": (nn.Conv2d(16, 17, 1), wide),
        "conv_dilated": (nn.Conv2d(6, 5, 3, 1, 2, 2), image), "conv_groups": (nn.Conv2d(6, 9, 3, 1, 1, groups=3), image),
        "conv_depthwise5": (nn.Conv2d(16, 16, 5, 1, 2, groups=16), wide), "conv_oblong": (nn.Conv2d(6, 4, (1, 5), (2, 1), (0, 2)), image),
        "conv_depthwise7": (nn.Conv2d(6, 6, 7, 1, 3, groups=6), image), "conv_1d": (nn.Conv1d(6, 4, 3, 2, 1), r(1, 6, 20)),
        "deconv": (nn.ConvTranspose2d(6, 5, 4, 2, 1), image), "deconv_groups": (nn.ConvTranspose2d(6, 4, 3, 1, 1, groups=2), image),
        "deconv_wide": (nn.ConvTranspose2d(16, 16, 4, 2, 1), wide), "deconv_output_padding": (nn.ConvTranspose2d(6, 5, 3, 2, 1, 1), image),
        "deconv_2x2": (nn.ConvTranspose2d(16, 16, 2, 2), wide), "batch_norm": (nn.BatchNorm2d(6), image),
        "instance_norm": (nn.InstanceNorm2d(6, affine=True), image), "group_norm": (nn.GroupNorm(2, 6), image),
        "layer_norm": (nn.LayerNorm(7), image), "prelu": (nn.PReLU(6), image), "linear": (nn.Linear(7, 5), image),
        "max_pool": (nn.MaxPool2d(3, 2, 1), image), "max_pool_ceil": (nn.MaxPool2d(2, 2, ceil_mode=True), image),
        "max_pool_wide": (nn.MaxPool2d(5, 1, 2), wide), "average_pool": (nn.AvgPool2d(3, 2, 1), image),
        "average_pool_exclude": (nn.AvgPool2d(3, 2, 1, count_include_pad=False), image),
        "average_pool_ceil": (nn.AvgPool2d(2, 2, ceil_mode=True), image), "global_pool": (nn.AdaptiveAvgPool2d(1), image),
        "pixel_shuffle": (nn.PixelShuffle(2), r(1, 8, 3, 4)), "pixel_unshuffle": (nn.PixelUnshuffle(2), r(1, 2, 6, 4)),
    }
    functions = {name: (getattr(F, name), image) for name in (
        "relu", "relu6", "leaky_relu", "elu", "silu", "hardswish", "hardsigmoid", "softplus", "gelu", "mish", "tanh",
        "sigmoid")}
    functions |= {
        "softmax_channels": (lambda x: F.softmax(x, 1), image), "softmax_last": (lambda x: F.softmax(x, -1), image),
        "nearest2": (lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), image),
        "nearest_wide": (lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), wide),
        "nearest_size": (lambda x: F.interpolate(x, size=(11, 3), mode="nearest"), image),
        "bilinear2": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), image),
        "bilinear_wide": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), wide),
        "bilinear_corners": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True), image),
        "bilinear_shrink": (lambda x: F.interpolate(x, size=(3, 5), mode="bilinear"), image),
        "pad_constant": (lambda x: F.pad(x, (1, 2, 0, 3), value=0.5), image),
        "pad_reflect": (lambda x: F.pad(x, (2, 1, 3, 0), mode="reflect"), image),
        "pad_edge": (lambda x: F.pad(x, (2, 1, 3, 0), mode="replicate"), image),
        "transpose": (lambda x: x.permute(0, 2, 3, 1), image), "flip": (lambda x: x.flip(3) + 0, image),
        "slice_step": (lambda x: x[:, 1:5:2, :, -4:], image), "split": (lambda x: x.split([1, 3, 2], 1), image),
        "chunk": (lambda x: torch.cat(x.chunk(2, 1)[::-1], 1), wide), "tile": (lambda x: x.repeat(1, 2, 1, 3), image),
        "expand": (lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1) * 1.0, image),
        "mean": (lambda x: x.mean((2, 3)), image), "sum": (lambda x: x.sum(1), image), "amax": (lambda x: x.amax((1, 3)), image),
        "norm": (lambda x: torch._VF.norm(x, 2, [2], True), image), "argmax": (lambda x: x.flatten(1).argmax(1), image),
        "topk": (lambda x: x.topk(3, 3), image), "pow": (lambda x: x.pow(2) + x.abs().pow(1.5), image),
        "where": (lambda x: torch.where(x > 0, x, x * 0.5 - 1), image), "clamp": (lambda x: x.clamp(-0.5, 0.25), image),
        "compare": (lambda x: ((x > 0.1) & (x <= 0.7)).to(torch.float32), image), "erf": (torch.erf, image),
        "arithmetic": (lambda x: (x.exp() / (x.abs() + 1).sqrt() - x.floor()).neg() + x.round() + x.sign(), image),
        "reshape_by_shape": (lambda x: x.view(x.shape[0], x.shape[1], -1).transpose(1, 2), image),
        "hardswish_by_hand": (lambda x: x * F.relu6(x + 3) / 6, image), "cast": (lambda x: (x * 10).to(torch.int64).to(torch.float32), image),
    }
    pairs = {
        "matmul": (torch.matmul, r(2, 3, 4), r(4, 5)), "matmul_batch": (torch.matmul, r(1, 3, 4, 6), r(2, 1, 6, 5)),
        "add_channel": (torch.add, image, r(1, 6, 1, 1)), "mul_channel_wide": (torch.mul, wide, r(1, 16, 1, 1)),
        "sub_row": (torch.sub, image, r(7)), "div_same": (torch.div, wide, r(1, 16, 6, 5).abs() + 1),
        "maximum": (torch.maximum, image, r(1, 6, 5, 7)), "minimum": (torch.minimum, image, r(1, 1, 5, 1)),
        "gather": (lambda x, i: x.gather(1, i), r(2, 5), torch.tensor([[0, 4, 2], [1, 1, 3]])),
        "gather_nd": (lambda x, i: x[i, i], r(5, 5, 2), torch.tensor([0, 3, 4])),
        "index": (lambda x, i: x.index_select(2, i), image, torch.tensor([4, 0, 3])),
    }
    result = {name: (module, (x,), 13) for name, (module, x) in modules.items()}
    result |= {name: (Call(function), (x,), 14 if name == "hardswish" else 13) for name, (function, x) in functions.items()}
    result |= {name: (Call(function), tuple(inputs), 13) for name, (function, *inputs) in pairs.items()}
    for name in ("nearest2", "bilinear2", "bilinear_corners", "softmax_channels", "slice_step", "split", "sum", "pad_constant"):
        module, inputs, _ = result[name]
        result[f"{name}_opset11"] = (module, inputs, 11)
    result["nearest2_opset9"], result["clamp_opset10"] = (result["nearest2"][0], (image,), 9), (result["clamp"][0], (image,), 10)
    result["residual"] = (Call(lambda x, a, b: F.relu(b(F.relu(a(x))) + x), nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 3, 1, 1)), (wide,), 13)
    result["silu_residual"] = (Call(lambda x, a: x + F.silu(a(x)), nn.Conv2d(16, 16, 3, 1, 1)), (wide,), 13)
    result["squeeze_excite"] = (Call(lambda x, a: x * F.hardsigmoid(a(x.mean((2, 3), keepdim=True))), nn.Conv2d(16, 16, 1)), (wide,), 13)
    # Whole networks, made narrow: real graphs that are small enough to be kept.
    result["rtmpose_narrow"] = (export_models.RTMPose(2, 4, 8, (16, 16)), (r(1, 3, 64, 64),), 11)
    result["yolo_pose_narrow"] = (export_models.YoloPose(64, 1, 4), (r(1, 3, 64, 64),), 12)
    # New ones come last: the random numbers of those before stay what they were.
    odd, flow = r(1, 17, 5, 6), F.affine_grid(torch.tensor([[[0.9, 0.3, 0.2], [-0.2, 1.1, -0.1]]]), (1, 6, 4, 3), False)
    depthwise = lambda channels, *rest, **named: nn.ConvTranspose2d(channels, channels, *rest, groups=channels, **named)
    later = {
        "deconv_depthwise": (depthwise(16, 4, 2, 1), (wide,)), "deconv_depthwise_odd": (depthwise(17, 3, 2, 1, 1), (odd,)),
        "deconv_depthwise_few": (depthwise(6, 4, 2, 1, bias=False), (image,)), "deconv_depthwise_gaps": (depthwise(17, 2, 3), (odd,)),
        "deconv_depthwise_dilated": (depthwise(17, 3, (2, 1), (0, 2), dilation=2), (odd,)),
        "deconv_depthwise_blocked": (nn.Sequential(nn.Conv2d(16, 32, 1), depthwise(32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
                                                   nn.Conv2d(32, 8, 1)), (wide,)),
        "deconv_depthwise_added": (Call(lambda x, a, b: F.relu(b(x) + a(x)), depthwise(16, 3, 1, 1), nn.Conv2d(16, 16, 1)), (wide,)),
        "depthwise_pose_narrow": (export_models.DepthwisePose(24), (r(1, 3, 64, 64),)),
        "dropout": (nn.Dropout(0.4), (image,)),
        "cumsum_torch": (Call(lambda x: x.cumsum(2)), (image,)), "selu_torch": (nn.SELU(), (image,)), "celu_torch": (nn.CELU(0.7), (image,)),
        "softsign_torch": (nn.Softsign(), (image,)), "hardshrink": (nn.Hardshrink(0.3), (image,)), "softshrink": (nn.Softshrink(0.3), (image,)),
        "scatter_torch": (Call(lambda x, i, u: x.scatter(1, i, u)), (r(2, 5), torch.tensor([[0, 4, 2], [1, 0, 3]]), r(2, 3))),
        "scatter_add": (Call(lambda x, i, u: x.scatter_add(1, i, u)), (r(2, 5), torch.tensor([[0, 4, 0], [1, 0, 1]]), r(2, 3))),
        "index_put": (Call(lambda x, i, u: x.index_put((i,), u)), (r(4, 3), torch.tensor([2, 0]), r(2, 3))),
    }
    result |= {name: (module, inputs, 16) for name, (module, inputs) in later.items()}
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            sample = lambda x, g, mode=mode, padding=padding: F.grid_sample(x, g, mode, padding, mode == "nearest")
            result[f"grid_sample_{mode}_{padding}"] = (Call(sample), (image, flow * 1.2), 16)
    return result


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.manual_seed(11)
    for name, (module, inputs, opset) in cases().items():
        export_models.export(folder, name, export_models.randomize(module), inputs, opset)
    print(f"{len(cases())} cases")


main()
