"""Normalisations."""

import math

import torch.nn.functional as F

from families import Config, Family, draw_shape, given, tensor32

CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]


def draw_maps(rng, *ranks):
    """[N, C, ...] with at least three elements in every channel. Two become -1 and 1, whatever they are: their gradient is noise."""
    rank = rng.choice(ranks)
    spatial = draw_shape(rng, rank - 2, 1, 2, 3, 5, 6)
    if rank > 2:
        spatial[0] = max(spatial[0], 3)
    return [rng.randint(3 if rank == 2 else 1, 5), rng.choice(CHANNELS), *spatial]


def statistics(rng, channels):
    return {
        "runningMean": [round(rng.uniform(-1, 1), 2) for _ in range(channels)],
        "runningVar": [round(rng.uniform(0.2, 2), 2) for _ in range(channels)],
    }


def affine(rng, shape):
    """Weight and bias, or none."""
    return [shape, shape] if rng.random() < 0.7 else []


def spread(rng):
    """Scale and shift of the inputs: variances other than that of x, and means far from 0."""
    return {"scale": rng.choice([1, 1, 4]), "shift": rng.choice([0, 0, 2])}


def draw_batch_norm(rng):
    x = draw_maps(rng, 2, 3, 4, 4, 5)
    training = rng.random() < 0.6
    options = {"training": True} if training else {}
    options.update(given(rng, eps=rng.choice([1e-5, 1e-3, 0.1])))
    if not training or rng.random() < 0.7:
        options.update(statistics(rng, x[1]))
        options.update(given(rng, momentum=rng.choice([0.1, 0.3, 1])))
    return Config([x, *affine(rng, [x[1]])], options, **spread(rng))


def normalise(norm, inputs, options):
    """The output, and the running statistics after the call."""
    options = dict(options)
    mean, variance = (tensor32(options.pop(name)) if name in options else None for name in ("runningMean", "runningVar"))
    x, *affine_arguments = inputs
    weight, bias = affine_arguments or (None, None)
    y = norm(x, mean, variance, weight, bias, **options)
    return [y] if mean is None else [y, mean, variance]


def run_batch_norm(inputs, options):
    return normalise(F.batch_norm, inputs, options)


def draw_instance_norm(rng):
    x = draw_maps(rng, 3, 4, 4, 5)
    options = given(rng, eps=rng.choice([1e-5, 1e-3, 0.1]))
    if rng.random() < 0.5:
        options.update(statistics(rng, x[1]))
        options.update(given(rng, momentum=rng.choice([0.1, 0.3, 1]), useInputStats=rng.random() < 0.5))
    return Config([x, *affine(rng, [x[1]])], options, **spread(rng))


def run_instance_norm(inputs, options):
    options = dict(options)
    if "useInputStats" in options:
        options["use_input_stats"] = options.pop("useInputStats")
    return normalise(F.instance_norm, inputs, options)


def draw_layer_norm(rng):
    x = draw_shape(rng, rng.choice([1, 2, 3, 4, 5]), 1, 2, 3, 4, 5, 7)
    shape = x[-rng.randint(1, len(x)):]
    if math.prod(shape) < 3:
        return None
    arguments = rng.choice([[], [shape], [shape, shape], [shape, shape]])
    return Config([x, *arguments], {"normalizedShape": shape, **given(rng, eps=rng.choice([1e-5, 1e-3, 0.1]))}, **spread(rng))


def run_layer_norm(inputs, options):
    x, *arguments = inputs
    return F.layer_norm(x, options["normalizedShape"], *arguments, eps=options.get("eps", 1e-5))


def draw_group_norm(rng):
    groups = rng.choice([1, 1, 2, 3, 4, 5])
    x = draw_maps(rng, 2, 3, 4, 4, 5)
    x[1] = groups * rng.choice([1, 2, 3, 4])
    if math.prod(x[1:]) // groups < 3:
        return None
    options = {"numGroups": groups, **given(rng, eps=rng.choice([1e-5, 1e-3, 0.1]))}
    return Config([x, *affine(rng, [x[1]])], options, **spread(rng))


def run_group_norm(inputs, options):
    x, *arguments = inputs
    return F.group_norm(x, options["numGroups"], *arguments, eps=options.get("eps", 1e-5))


def draw_local_response_norm(rng):
    x = draw_maps(rng, 3, 4, 4, 5)
    options = {"size": rng.choice([1, 2, 3, 4, 5, 7])}
    options.update(given(rng, alpha=rng.choice([1e-4, 0.1, 1]), beta=rng.choice([0.5, 0.75, 1, 2]), k=rng.choice([0.5, 1, 2])))
    return Config([x], options, scale=rng.choice([1, 4]))


def run_local_response_norm(inputs, options):
    return F.local_response_norm(*inputs, **options)


FAMILIES = {
    "batchNorm": Family(160, draw_batch_norm, run_batch_norm),
    "instanceNorm": Family(150, draw_instance_norm, run_instance_norm),
    "layerNorm": Family(150, draw_layer_norm, run_layer_norm),
    "groupNorm": Family(150, draw_group_norm, run_group_norm),
    "localResponseNorm": Family(150, draw_local_response_norm, run_local_response_norm),
}
