"""Activations, and softmax."""

import torch
import torch.nn.functional as F

from families import Config, Family, draw_shape, given, snake


def draw_activation(rng, op, options, levels=None):
    x = draw_shape(rng, rng.choice([1, 2, 3, 4, 5]), 1, 2, 3, 4, 5, 7)
    # Up to 8 the functions have bent, up to 32 exponentials have run out of float32's digits.
    return Config([x], {"op": op, **options}, levels=levels, scale=rng.choice([1, 8, 8, 32]))


def draw_piecewise(rng):
    op = rng.choice(["relu", "relu6", "leakyRelu", "prelu", "elu", "selu", "hardswish", "hardsigmoid", "hardtanh"])
    options = {}
    if op == "leakyRelu":
        options = given(rng, negativeSlope=rng.choice([0.01, 0.2, 0.5]))
    if op == "elu":
        options = given(rng, alpha=rng.choice([0.5, 1, 2]))
    if op == "hardtanh":
        options = given(rng, minVal=rng.choice([-2, -0.5]), maxVal=rng.choice([0.5, 3]))
    # On a third of them elements lie on the kinks, where the slope is a matter of convention. At 3 PyTorch 1.13 has two for
    # hardswish: 1 in its vector loop, 3/2 in the remainder.
    config = draw_activation(rng, op, options, levels=None if op == "hardswish" else rng.choice([None, None, 8]))
    if op == "prelu":
        x = config.shapes[0]
        if len(x) < 2:
            return None
        config.shapes.append([rng.choice([1, x[1]])])
    return config


def run_piecewise(inputs, options):
    options = dict(options)
    op = options.pop("op")
    if op == "leakyRelu":
        op = "leaky_relu"
    return getattr(F, op)(*inputs, **snake(options))


def draw_smooth(rng):
    op = rng.choice(["gelu", "gelu", "silu", "sigmoid", "tanh", "softplus", "softplus", "mish", "softsign"])
    options = {}
    if op == "gelu":
        options = given(rng, approximate=rng.choice(["none", "tanh"]))
    if op == "softplus":
        options = given(rng, beta=rng.choice([0.5, 1, 2]), threshold=rng.choice([5, 20]))
    return draw_activation(rng, op, options)


def run_smooth(inputs, options):
    options = dict(options)
    op = options.pop("op")
    return getattr(torch if op == "tanh" else F, op)(*inputs, **options)


def draw_softmax(rng):
    x = draw_shape(rng, rng.choice([1, 2, 2, 3, 4]), 1, 2, 3, 4, 5, 7, 8, 9, 17)
    # Up to 64 in magnitude: exp(128) is beyond float32, so the largest has to be subtracted first.
    options = {"op": rng.choice(["softmax", "logSoftmax"]), "dim": rng.randrange(-len(x), len(x))}
    return Config([x], options, scale=rng.choice([1, 8, 64]))


def run_softmax(inputs, options):
    return (F.softmax if options["op"] == "softmax" else F.log_softmax)(*inputs, options["dim"])


FAMILIES = {
    "piecewise": Family(240, draw_piecewise, run_piecewise),
    "smooth": Family(240, draw_smooth, run_smooth),
    "softmax": Family(150, draw_softmax, run_softmax),
}
