"""Convolutions and transposed convolutions with one, two and three spatial axes; unfold and fold."""

import torch
import torch.nn.functional as F

from families import Config, Family, each, given, some

# Lengths by number of axes, so that a configuration costs about the same.
LENGTHS = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}


def draw_channels(rng):
    """Groups, and input and output channels in each."""
    channels = [1, 2, 3, 5, 7, 8, 9, 16, 17]
    kind = rng.choice(["plain", "plain", "grouped", "depthwise"])
    if kind == "plain":
        return 1, rng.choice(channels), rng.choice(channels)
    if kind == "grouped":
        return rng.choice([2, 3, 4]), rng.choice([1, 2, 3, 4, 5]), rng.choice([1, 2, 3, 4, 5])
    return rng.choice(channels[1:]), 1, rng.choice([1, 1, 2, 3])


def draw_kernel(rng, rank):
    """Square, any, or long in one axis."""
    most = KERNELS[rank]
    kernels = [[rng.randint(1, most)] * rank, [rng.randint(1, most) for _ in range(rank)], [1] * rank]
    kernels[2][rng.randrange(rank)] = rng.randint(2, 7)
    return rng.choice(kernels)


def draw_padding(rng, rank):
    """A number, one for each axis, one for each side, or a word."""
    kind = rng.choice(["sizes", "sizes", "sizes", "sides", "sides", "same", "valid"])
    if kind == "sizes":
        return some(rng, rank, 0, 1, 2, 3)
    return [[rng.randint(0, 3), rng.randint(0, 3)] for _ in range(rank)] if kind == "sides" else kind


def sides(options, kernel):
    """Padding before and behind each axis."""
    padding, rank = options.get("padding", 0), len(kernel)
    if padding == "valid":
        return [[0, 0]] * rank
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(each(options.get("dilation", 1), rank), kernel)]
        return [[total // 2, total - total // 2] for total in totals]
    return [[size, size] if isinstance(size, int) else size for size in each(padding, rank)]


def spans(options, kernel):
    return [d * (k - 1) + 1 for d, k in zip(each(options.get("dilation", 1), len(kernel)), kernel)]


def draw_conv(rank):
    def draw(rng):
        groups, inputs, outputs = draw_channels(rng)
        kernel = draw_kernel(rng, rank)
        size = [rng.randint(1, LENGTHS[rank]) for _ in range(rank)]
        options = given(rng, stride=some(rng, rank, 1, 2, 3), padding=draw_padding(rng, rank), dilation=some(rng, rank, 1, 1, 2, 3))
        if options.get("padding") == "same":
            options.pop("stride", None)
        if groups > 1:
            options["groups"] = groups
        pads = sides(options, kernel)
        if rng.random() < 0.4:
            mode = rng.choice(["reflect", "replicate", "circular"])
            options["paddingMode"] = mode
            limits = {"reflect": -1, "circular": 0, "replicate": 100}
            if any(max(pad) > length + limits[mode] for pad, length in zip(pads, size)):
                return None
        if any(span > length + sum(pad) for span, length, pad in zip(spans(options, kernel), size, pads)):
            return None
        o = groups * outputs
        shapes = [[rng.randint(1, 3), groups * inputs, *size], [o, inputs, *kernel]]
        return Config(shapes + ([[o]] if rng.random() < 0.6 else []), options)
    return draw


def run_conv(rank):
    conv = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]

    def run(inputs, options):
        x, w, *bias = inputs
        options = dict(options)
        mode = options.pop("paddingMode", "zeros")
        pads = sides(options, w.shape[2:])
        if mode == "zeros" and (isinstance(options.get("padding", 0), str) or all(before == behind for before, behind in pads)):
            if "padding" in options and not isinstance(options["padding"], str):
                options["padding"] = [before for before, _ in pads]
            return conv(x, w, *bias, **options)
        options.pop("padding", None)
        amounts = [size for pad in reversed(pads) for size in pad]
        return conv(F.pad(x, amounts, mode="constant" if mode == "zeros" else mode), w, *bias, **options)
    return run


def draw_conv_transpose(rank):
    def draw(rng):
        groups, inputs, outputs = draw_channels(rng)
        kernel = draw_kernel(rng, rank)
        size = [rng.randint(1, LENGTHS[rank] // 2 + 1) for _ in range(rank)]
        options = given(
            rng, stride=some(rng, rank, 1, 2, 3), padding=some(rng, rank, 0, 1, 2, 3), dilation=some(rng, rank, 1, 1, 2, 3),
            outputPadding=some(rng, rank, 0, 1, 2),
        )
        if groups > 1:
            options["groups"] = groups
        stride, padding, extra = (each(options.get(name, default), rank) for name, default in
                                  [("stride", 1), ("padding", 0), ("outputPadding", 0)])
        dilation = each(options.get("dilation", 1), rank)
        if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
            return None
        lengths = [(n - 1) * s - 2 * p + span + e for n, s, p, span, e in zip(size, stride, padding, spans(options, kernel), extra)]
        if min(lengths) < 1:
            return None
        shapes = [[rng.randint(1, 3), groups * inputs, *size], [groups * inputs, outputs, *kernel]]
        return Config(shapes + ([[groups * outputs]] if rng.random() < 0.6 else []), options)
    return draw


def run_conv_transpose(rank):
    conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]

    def run(inputs, options):
        options = dict(options)
        if "outputPadding" in options:
            options["output_padding"] = options.pop("outputPadding")
        return conv(*inputs, **options)
    return run


def draw_unfold(rng):
    options = given(rng, stride=some(rng, 2, 1, 2, 3), padding=some(rng, 2, 0, 1, 2), dilation=some(rng, 2, 1, 2))
    kernel = some(rng, 2, 1, 2, 3)
    size = [rng.randint(1, 9), rng.randint(1, 9)]
    pads, reach = sides(options, each(kernel, 2)), spans(options, each(kernel, 2))
    if any(span > length + sum(pad) for span, length, pad in zip(reach, size, pads)):
        return None
    n, c = rng.randint(1, 3), rng.choice([1, 2, 3, 4, 5, 8])
    if rng.random() < 0.5:
        return Config([[n, c, *size]], {"op": "im2col", "kernelSize": kernel, **options})
    stride = each(options.get("stride", 1), 2)
    positions = [(length + sum(pad) - span) // s + 1 for length, pad, span, s in zip(size, pads, reach, stride)]
    k = each(kernel, 2)
    columns = [n, c * k[0] * k[1], positions[0] * positions[1]]
    return Config([columns], {"op": "col2im", "outputSize": size, "kernelSize": kernel, **options})


def run_unfold(inputs, options):
    options = dict(options)
    op, kernel = options.pop("op"), options.pop("kernelSize")
    if op == "im2col":
        return F.unfold(*inputs, kernel, **options)
    return F.fold(*inputs, options.pop("outputSize"), kernel, **options)


FAMILIES = {
    **{f"conv{rank}d": Family(420, draw_conv(rank), run_conv(rank)) for rank in (1, 2, 3)},
    **{f"convTranspose{rank}d": Family(420, draw_conv_transpose(rank), run_conv_transpose(rank)) for rank in (1, 2, 3)},
    "im2col": Family(150, draw_unfold, run_unfold),
}
