"""Arithmetic, comparison, reductions and products."""

import torch
import torch.nn.functional as F

from families import Config, Family, draw_shape, given


def draw_broadcast(rng, count):
    """Shapes that fit each other: axes of length 1, and missing ones in front."""
    shape = draw_shape(rng, rng.choice([1, 2, 3, 4, 4, 5]), 1, 2, 3, 4, 5)
    shapes = []
    for _ in range(count):
        one = [1 if rng.random() < 0.25 else length for length in shape]
        shapes.append(one[rng.choice([0, 0, rng.randint(0, len(one))]):])
    return shapes


def draw_binary(rng):
    op = rng.choice(["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "where"])
    if op == "where":
        return Config(draw_broadcast(rng, 3), {"op": op}, levels=rng.choice([1, 4]))
    if op in ("div", "pow"):
        return Config(draw_broadcast(rng, 2), {"op": op}, shift=1.5)
    # Ties: comparisons know equality, and of equal maxima each has half of the gradient.
    ties = op not in ("add", "sub", "mul") and rng.random() < 0.7
    return Config(draw_broadcast(rng, 2), {"op": op}, levels=2 if ties else None)


def run_binary(inputs, options):
    if options["op"] == "where":
        condition, a, b = inputs
        return torch.where(condition > 0, a, b) + 0 * condition.sum()
    return getattr(torch, options["op"])(*inputs)


UNARY = {
    "abs": {}, "neg": {}, "square": {}, "sign": {}, "exp": {"scale": 8}, "exp -": {"scale": 32},
    "log": {"shift": 1.5}, "sqrt": {"shift": 1.5}, "rsqrt": {"shift": 1.5}, "reciprocal": {"shift": 1.5},
    # Halves, which round to even numbers.
    "floor": {"levels": 2, "scale": 5}, "ceil": {"levels": 2, "scale": 5}, "round": {"levels": 2, "scale": 5},
    "clamp": {"scale": 2, "levels": 4}, "pow": {"shift": 1.5}, "pow integer": {"scale": 2},
}


def draw_unary(rng):
    name = rng.choice(list(UNARY))
    op = name.split()[0]
    options, more = {"op": op}, UNARY[name]
    if op == "clamp":
        low, high = rng.choice([(-0.5, 0.5), (-1, None), (None, 1), (0, 1), (0.5, 0.5)])
        options.update({key: value for key, value in (("min", low), ("max", high)) if value is not None})
    if op == "pow":
        options["exponent"] = rng.choice([0, 1, 2, 3, 4] if name == "pow integer" else [-2, -1, -0.5, 0.5, 1.5, 2, 3])
    if op in ("abs", "sign") and rng.random() < 0.5:
        more = {"levels": 2}
    return Config([draw_shape(rng, rng.choice([0, 1, 2, 3, 4, 5]), 1, 2, 3, 4, 5, 7)], options, **more)


def run_unary(inputs, options):
    if options["op"] == "pow":
        return torch.pow(*inputs, options["exponent"])
    if options["op"] == "clamp":
        return torch.clamp(*inputs, options.get("min"), options.get("max"))
    return getattr(torch, options["op"])(*inputs)


def draw_reduction(rng):
    op = rng.choice(["sum", "mean", "variance", "std", "max", "min", "argmax", "argmin", "logsumexp", "amax", "amin"])
    x = draw_shape(rng, rng.choice([1, 2, 3, 4, 5]), 1, 2, 3, 4, 5, 7)
    one = rng.randrange(-len(x), len(x))
    axes = rng.sample(range(len(x)), rng.randint(1, len(x)))
    options = {"op": op}
    if op in ("max", "min", "argmax", "argmin"):
        choice = rng.choice([one, one, one, None])
    elif op == "logsumexp":
        choice = rng.choice([one, axes])
    else:
        choice = rng.choice([one, axes, None])
    if choice is not None:
        options["dim"] = choice
        options.update(given(rng, keepdim=rng.random() < 0.7))
    if op in ("variance", "std"):
        options.update(given(rng, correction=rng.choice([0, 1])))
        dims = range(len(x)) if choice is None else [choice] if isinstance(choice, int) else choice
        # One element has no spread: 0 / 0, or the root of 0.
        if torch.Size([x[d] for d in dims]).numel() < 2:
            return None
    # Several elements may be the largest: which one counts, and who has the gradient?
    ties = op in ("max", "min", "argmax", "argmin", "amax", "amin") and rng.random() < 0.6
    return Config([x], options, levels=2 if ties else None, scale=8 if op == "logsumexp" else None)


def run_reduction(inputs, options):
    """Values, and with max and min along one axis their positions."""
    options = dict(options)
    op = options.pop("op")
    if op in ("variance", "std"):
        correction = options.pop("correction", 1)
        dims = options.pop("dim", list(range(inputs[0].dim())))
        return (torch.var if op == "variance" else torch.std)(*inputs, dim=dims, correction=correction, **options)
    if op in ("amax", "amin") and "dim" not in options:
        options["dim"] = list(range(inputs[0].dim()))
    return getattr(torch, op)(*inputs, **options)


def draw_matmul(rng):
    lengths = (1, 2, 3, 5, 6, 7, 8, 9, 17)
    m, k, n = draw_shape(rng, 3, *lengths)
    kind = rng.choice(["matrices", "batches", "batches", "vector", "broadcast"])
    if kind == "matrices":
        return Config([[m, k], [k, n]], {})
    if kind == "vector":
        return Config(rng.choice([[[k], [k]], [[k], [k, n]], [[m, k], [k]], [[2, 3, m, k], [k]], [[k], [3, k, n]]]), {})
    if kind == "batches":
        batch = draw_shape(rng, rng.choice([1, 2]), 1, 2, 3)
        return Config([[*batch, m, k], [*batch, k, n]], {})
    a, b = draw_broadcast(rng, 2)
    return Config([[*a[-2:], m, k], [*b[-2:], k, n]], {})


def run_matmul(inputs, _options):
    return torch.matmul(*inputs)


def draw_linear(rng):
    n = draw_shape(rng, rng.choice([0, 1, 1, 2, 3]), 1, 2, 3, 5, 6, 7)
    inputs, outputs = rng.choice([1, 2, 3, 7, 8, 9, 31, 64, 65]), rng.choice([1, 2, 3, 7, 8, 9, 10, 17])
    return Config([[*n, inputs], [outputs, inputs]] + ([[outputs]] if rng.random() < 0.6 else []), {})


def run_linear(inputs, _options):
    return F.linear(*inputs)


FAMILIES = {
    "binary": Family(280, draw_binary, run_binary),
    "unary": Family(240, draw_unary, run_unary),
    "reduction": Family(240, draw_reduction, run_reduction),
    "matmul": Family(150, draw_matmul, run_matmul),
    "linear": Family(150, draw_linear, run_linear),
}
