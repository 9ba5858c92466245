"""Poolings with one, two and three spatial axes."""

import torch
import torch.nn.functional as F

from families import Config, Family, each, given, some

LENGTHS = {1: 24, 2: 12, 3: 6}
CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]


def draw_x(rng, rank):
    return [rng.randint(1, 3), rng.choice(CHANNELS), *(rng.randint(1, LENGTHS[rank]) for _ in range(rank))]


def windows_of(x, options):
    """Kernel, stride, padding and dilation by axis."""
    rank = len(x) - 2
    names = [("stride", options["kernelSize"]), ("padding", 0), ("dilation", 1)]
    return each(options["kernelSize"], rank), *(each(options.get(name, default), rank) for name, default in names)


def draw_pool(rng, rank, options):
    """Shape of x, and kernelSize, stride and padding; padding is at most half the kernel, as PyTorch demands."""
    kernel = some(rng, rank, 1, 2, 3, 4, *([5] if rank < 3 else []))
    drawn = given(rng, stride=some(rng, rank, 1, 2, 3, 4), padding=some(rng, rank, 0, 1, 2), ceilMode=rng.random() < 0.7)
    options = {"kernelSize": kernel, **drawn, **options}
    x = draw_x(rng, rank)
    kernel, _, padding, dilation = windows_of(x, options)
    if any(p > k // 2 for p, k in zip(padding, kernel)):
        return None
    if any(d * (k - 1) + 1 > n + 2 * p for d, k, n, p in zip(dilation, kernel, x[2:], padding)):
        return None
    return x, options


def pool_arguments(options):
    return {
        "kernel_size": options["kernelSize"],
        "stride": options.get("stride"),
        "padding": options.get("padding", 0),
        "ceil_mode": options.get("ceilMode", False),
    }


def draw_max_pool(rng):
    rank = rng.choice([1, 2, 2, 3])
    drawn = draw_pool(rng, rank, {"dilation": some(rng, rank, 1, 2, 3)} if rng.random() < 0.4 else {})
    if drawn is None:
        return None
    x, options = drawn
    y = run_max_pool([torch.zeros(x)], options)[0].shape
    # No window may see padding only: its maximum is -Infinity, and PyTorch 1.13 pulls its gradient to a wrong element.
    for length, count, kernel, stride, padding, dilation in zip(x[2:], y[2:], *windows_of(x, options)):
        starts = [i * stride - padding for i in range(count)]
        if not all(any(0 <= start + k * dilation < length for k in range(kernel)) for start in starts):
            return None
    # A third has few different values, so that windows hold their maximum several times: the first one gets the gradient.
    return Config([x], options, levels=2 if rng.random() < 1 / 3 else None)


def run_max_pool(inputs, options):
    """Maxima and their positions."""
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[inputs[0].dim() - 3]
    return pool(*inputs, **pool_arguments(options), dilation=options.get("dilation", 1), return_indices=True)


def draw_avg_pool(rng):
    rank = rng.choice([1, 2, 2, 3])
    drawn = draw_pool(rng, rank, given(rng, countIncludePad=rng.random() < 0.3))
    if drawn is None:
        return None
    x, options = drawn
    # PyTorch 1.13 measures an avg_pool3d's kernel against the input without its padding.
    if rank == 3 and any(k > n for k, n in zip(windows_of(x, options)[0], x[2:])):
        return None
    if rank > 1 and rng.random() < 0.25:
        options["divisorOverride"] = rng.randint(1, 9)
    return Config([x], options)


def run_avg_pool(inputs, options):
    pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[inputs[0].dim() - 3]
    more = {"divisor_override": options["divisorOverride"]} if "divisorOverride" in options else {}
    return pool(*inputs, **pool_arguments(options), count_include_pad=options.get("countIncludePad", True), **more)


def draw_lp_pool(rng):
    rank = rng.choice([1, 2])
    kernel = some(rng, rank, 1, 2, 3, 4)
    options = {"normType": rng.choice([1, 1.5, 2, 2, 3, 4]), "kernelSize": kernel}
    options.update(given(rng, stride=some(rng, rank, 1, 2, 3), ceilMode=rng.random() < 0.7))
    x = draw_x(rng, rank)
    if any(k > n for k, n in zip(each(kernel, rank), x[2:])):
        return None
    # Odd and fractional powers of negative numbers have no root; a sum of nearly 0 has no slope.
    return Config([x], options, shift=1.5)


def run_lp_pool(inputs, options):
    rank = inputs[0].dim() - 2
    kernel, stride = options["kernelSize"], options.get("stride")
    if rank == 1:
        kernel, stride = each(kernel, 1)[0], None if stride is None else each(stride, 1)[0]
    return (F.lp_pool1d, F.lp_pool2d)[rank - 1](*inputs, options["normType"], kernel, stride, options.get("ceilMode", False))


def draw_adaptive(rng):
    rank = rng.choice([1, 2, 2, 3])
    x = draw_x(rng, rank)
    size = some(rng, rank, 1, 2, 3, 5, 7)
    if rank > 1 and isinstance(size, list) and rng.random() < 0.3:
        size[rng.randrange(rank)] = None
    return x, {"outputSize": size}


def draw_adaptive_avg(rng):
    x, options = draw_adaptive(rng)
    return Config([x], options)


def run_adaptive_avg(inputs, options):
    return (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[inputs[0].dim() - 3](*inputs, options["outputSize"])


def draw_adaptive_max(rng):
    x, options = draw_adaptive(rng)
    return Config([x], options, levels=2 if rng.random() < 1 / 3 else None)


def run_adaptive_max(inputs, options):
    pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[inputs[0].dim() - 3]
    return pool(*inputs, options["outputSize"], return_indices=True)


def draw_max_unpool(rng):
    """What max pooling returned, put back: windows must not overlap, or the last of several writers would win."""
    x = draw_x(rng, 2)
    kernel = each(some(rng, 2, 1, 2, 3), 2)
    padding = [rng.randint(0, k // 2) for k in kernel]
    options = {"kernelSize": kernel}
    if rng.random() < 0.5:
        options["stride"] = [k + rng.randint(0, 1) for k in kernel]
    if rng.random() < 0.5:
        options["padding"] = padding
    padding = options.get("padding", [0, 0])
    if any(k > n + 2 * p for k, n, p in zip(kernel, x[2:], padding)):
        return None
    # Without outputSize the plane is a multiple of the windows, and need not hold every position.
    stride = options.get("stride", kernel)
    lengths = [((n + 2 * p - k) // s) * s - 2 * p + k for n, p, k, s in zip(x[2:], padding, kernel, stride)]
    if lengths != x[2:]:
        options["outputSize"] = x[2:]
        if any(not length - s < n < length + s for length, s, n in zip(lengths, stride, x[2:])):
            return None
    return Config([x], options)


def run_max_unpool(inputs, options):
    kernel, stride, padding = options["kernelSize"], options.get("stride"), options.get("padding", 0)
    values, indices = F.max_pool2d(*inputs, kernel, stride, padding, return_indices=True)
    return F.max_unpool2d(values, indices, kernel, stride, padding, options.get("outputSize"))


FAMILIES = {
    "maxPool": Family(200, draw_max_pool, run_max_pool),
    "avgPool": Family(200, draw_avg_pool, run_avg_pool),
    "lpPool": Family(150, draw_lp_pool, run_lp_pool),
    "adaptiveAvgPool": Family(150, draw_adaptive_avg, run_adaptive_avg),
    "adaptiveMaxPool": Family(150, draw_adaptive_max, run_adaptive_max),
    "maxUnpool": Family(150, draw_max_unpool, run_max_unpool),
}
