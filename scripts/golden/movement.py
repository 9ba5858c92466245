"""Operations that move elements: axes, parts, borders, grids; and embeddings."""

import torch
import torch.nn.functional as F

from families import Config, Family, draw_shape, given, some


def draw_movement(rng):
    x = draw_shape(rng, rng.choice([2, 3, 4, 4, 5]), 1, 2, 3, 4, 5)
    rank = len(x)
    dim = rng.randrange(-rank, rank)
    length = x[dim]
    op = rng.choice([
        "transpose", "permute", "reshape", "flatten", "squeeze", "unsqueeze", "slice", "narrow", "select", "cat", "stack", "split", "chunk",
        "gather", "indexSelect", "expand", "flip",
    ])
    options = {"op": op, "dim": dim}
    if op == "transpose":
        options = {"op": op, "dims": [dim, rng.randrange(-rank, rank)]}
    elif op == "permute":
        options = {"op": op, "dims": rng.sample(range(rank), rank)}
    elif op == "reshape":
        size = torch.Size(x).numel()
        shape = rng.sample(x, rank) if rng.random() < 0.6 else [x[0], size // x[0]]
        if rng.random() < 0.5:
            shape[rng.randrange(len(shape))] = -1
        options = {"op": op, "shape": shape}
    elif op == "flatten":
        start = rng.randrange(rank)
        options = {"op": op, "startDim": start, "endDim": rng.choice([-1, rng.randrange(start, rank)])}
    elif op == "squeeze":
        x[dim] = rng.choice([1, x[dim]])
    elif op == "unsqueeze":
        options["dim"] = rng.randrange(-rank - 1, rank + 1)
    elif op == "slice":
        # Bounds may be negative or beyond the end, as in Python.
        options.update(start=rng.randrange(-length - 1, length), end=rng.randrange(-length, length + 3), step=rng.choice([1, 1, 2, 3]))
        if len(range(length)[options["start"]:options["end"]]) == 0:
            return None
    elif op == "narrow":
        start = rng.randrange(length)
        options.update(start=start, length=rng.randint(1, length - start))
    elif op == "select":
        options["index"] = rng.randrange(-length, length)
    elif op == "cat":
        shapes = [list(x) for _ in range(rng.randint(1, 4))]
        for shape in shapes:
            shape[dim] = rng.randint(1, 4)
        return Config(shapes, options)
    elif op == "stack":
        options["dim"] = rng.randrange(-rank, rank + 1) if rank < 5 else dim
        if rank == 5:
            return None
        return Config([x] * rng.randint(1, 4), options)
    elif op == "split":
        parts, left = [], length
        while left:
            parts.append(rng.randint(1, left))
            left -= parts[-1]
        options["sizes"] = rng.choice([parts, rng.randint(1, length + 1)])
    elif op == "chunk":
        options["chunks"] = rng.randint(1, 5)
    elif op == "gather":
        shape = [rng.randint(1, n) for n in x]
        shape[dim] = rng.randint(1, 6)
        if torch.Size(shape).numel() > 60:
            return None
        options.update(shape=shape, index=[rng.randrange(length) for _ in range(torch.Size(shape).numel())])
    elif op == "indexSelect":
        options["index"] = [rng.randrange(length) for _ in range(rng.randint(1, 6))]
    elif op == "expand":
        x = [1 if rng.random() < 0.4 else n for n in x]
        options = {"op": op, "shape": [rng.randint(2, 4) if n == 1 else rng.choice([n, -1]) for n in x]}
        if rank < 5 and rng.random() < 0.5:
            options["shape"] = [rng.randint(1, 3), *options["shape"]]
    elif op == "flip":
        options = {"op": op, "dims": rng.sample(range(rank), rng.randint(1, rank))}
    return Config([x], options)


def run_movement(inputs, options):
    options = dict(options)
    op, dim, x = options.pop("op"), options.pop("dim", None), inputs[0]
    if op == "transpose":
        return x.transpose(*options["dims"])
    if op in ("permute", "flip"):
        return getattr(x, op)(options["dims"])
    if op in ("reshape", "expand"):
        return getattr(x, op)(options["shape"])
    if op == "flatten":
        return x.flatten(options["startDim"], options["endDim"])
    if op in ("squeeze", "unsqueeze"):
        return getattr(x, op)(dim)
    if op == "slice":
        index = [slice(None)] * x.dim()
        index[dim] = slice(options["start"], options["end"], options["step"])
        return x[tuple(index)]
    if op == "narrow":
        return x.narrow(dim, options["start"], options["length"])
    if op == "select":
        return x.select(dim, options["index"])
    if op in ("cat", "stack"):
        return getattr(torch, op)(inputs, dim)
    if op == "split":
        return x.split(options["sizes"], dim)
    if op == "chunk":
        return x.chunk(options["chunks"], dim)
    if op == "gather":
        return x.gather(dim, torch.tensor(options["index"]).reshape(options["shape"]))
    return x.index_select(dim, torch.tensor(options["index"]))


def draw_pad(rng):
    rank = rng.choice([2, 3, 4, 4, 5])
    x = draw_shape(rng, rank, 1, 2, 3, 4, 5)
    mode = rng.choice(["constant", "reflect", "replicate", "circular"])
    if mode == "constant":
        axes = rng.randint(1, rank)
    else:
        axes = rank - 2
        if axes == 0:
            return None
    pad = [rng.randint(-1 if mode == "constant" else 0, 3) for _ in range(2 * axes)]
    limits = {"constant": 100, "reflect": -1, "circular": 0, "replicate": 100}
    for i in range(axes):
        length = x[-1 - i]
        before, after = pad[2 * i:2 * i + 2]
        if max(before, after) > length + limits[mode] or length + before + after < 1 or min(before, after) < -length:
            return None
    options = {"pad": pad, **({} if mode == "constant" and rng.random() < 0.5 else {"mode": mode})}
    if mode == "constant":
        options.update(given(rng, value=rng.choice([1.5, -2])))
    return Config([x], options)


def run_pad(inputs, options):
    return F.pad(*inputs, options["pad"], options.get("mode", "constant"), options.get("value", 0))


def draw_interpolate(rng):
    rank = rng.choice([1, 2, 2, 2, 3])
    x = [rng.randint(1, 2), rng.choice([1, 2, 3, 4, 5, 8]), *draw_shape(rng, rank, 1, 2, 3, 4, 5, 7)]
    mode = rng.choice(["nearest", ["linear", "bilinear", "trilinear"][rank - 1]])
    options = {}
    if rng.random() < 0.5:
        options["size"] = some(rng, rank, 1, 2, 3, 5, 8, 9)
    else:
        options["scaleFactor"] = some(rng, rank, 0.5, 1.5, 2, 2, 3)
    if mode != "nearest" or rng.random() < 0.5:
        options["mode"] = mode
    if mode != "nearest":
        options.update(given(rng, alignCorners=rng.random() < 0.6))
    factors = options.get("scaleFactor", 1)
    if any(int(n * (factors if not isinstance(factors, list) else factors[i])) < 1 for i, n in enumerate(x[2:])):
        return None
    return Config([x], options)


def run_interpolate(inputs, options):
    return F.interpolate(
        *inputs, size=options.get("size"), scale_factor=options.get("scaleFactor"), mode=options.get("mode", "nearest"),
        align_corners=options.get("alignCorners"),
    )


def draw_pixel_shuffle(rng):
    factor, channels = rng.choice([1, 2, 2, 3]), rng.choice([1, 2, 3, 4, 5])
    h, w = rng.randint(1, 5), rng.randint(1, 5)
    if rng.random() < 0.5:
        return Config([[rng.randint(1, 3), channels * factor**2, h, w]], {"op": "pixelShuffle", "factor": factor})
    return Config([[rng.randint(1, 3), channels, h * factor, w * factor]], {"op": "pixelUnshuffle", "factor": factor})


def run_pixel_shuffle(inputs, options):
    return (F.pixel_shuffle if options["op"] == "pixelShuffle" else F.pixel_unshuffle)(*inputs, options["factor"])


def draw_embedding(rng):
    count, width = rng.choice([1, 2, 3, 5, 9]), rng.choice([1, 2, 3, 4, 5, 8, 9, 17])
    shape = draw_shape(rng, rng.choice([1, 1, 2, 3]), 1, 2, 3, 5)
    options = {"shape": shape, "indices": [rng.randrange(count) for _ in range(torch.Size(shape).numel())]}
    if rng.random() < 0.4:
        options["paddingIdx"] = rng.randrange(-count, count)
    return Config([[count, width]], options)


def run_embedding(inputs, options):
    indices = torch.tensor(options["indices"]).reshape(options["shape"])
    return F.embedding(indices, *inputs, padding_idx=options.get("paddingIdx"))


FAMILIES = {
    "movement": Family(360, draw_movement, run_movement),
    "pad": Family(150, draw_pad, run_pad),
    "interpolate": Family(200, draw_interpolate, run_interpolate),
    "pixelShuffle": Family(150, draw_pixel_shuffle, run_pixel_shuffle),
    "embedding": Family(150, draw_embedding, run_embedding),
}
