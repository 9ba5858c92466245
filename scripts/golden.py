"""Expected values from PyTorch: regenerates test/golden/*.json. The tests need only those files, no Python.

    python3 scripts/golden.py [family ...]

Inputs are not stored: both sides draw them from one generator (`random_array` here, `randomArray` in test/array.ts) and start
from equal float32 numbers. PyTorch computes in float64. Of every output and gradient a file holds the largest magnitude and
four inner products with further random arrays: a wrong element, in whatever place, moves all of them. The smallest
configurations hold every value too, to be read.

A new family is a `draw` (one random configuration, or None if it is not allowed), a `run` and a line in FAMILIES.
"""

import json
import math
import random
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

SEED = 20
PROJECTIONS = 4
# Seeds of configuration i: SEEDS_EACH * i plus one of these offsets, as in test/golden/family.ts.
SEEDS_EACH, INPUT, OUTPUT_GRADIENT, PROJECTION = 64, 1, 11, 21
# How many configurations hold every value, and how many elements those may have together.
FULL_CONFIGS, FULL_ELEMENTS = 12, 120

FOLDER = Path(__file__).resolve().parent.parent / "test" / "golden"


def random_array(shape, seed):
    """Uniform in [-1, 1), rounded to float32: `randomArray` of test/array.ts, number for number (mulberry32)."""
    size = math.prod(shape)
    with np.errstate(over="ignore"):
        step = np.arange(1, size + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        state = np.uint32(seed * 0x9E3779B9 % 2**32) + step
        t = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        t ^= t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))
        t ^= t >> np.uint32(14)
    return (t.astype(np.float64) / 2**31 - 1).astype(np.float32).astype(np.float64).reshape(shape)


def digits(value):
    """Ten significant digits: a thousand times finer than float32."""
    return float(f"{value:.10g}")


# Families: `draw(rng)` returns shapes of the tensor arguments and the options in the package's names.

Config = namedtuple("Config", "shapes options levels scale", defaults=(None, None))
Family = namedtuple("Family", "count draw run")


def some(rng, *values):
    """One number for both axes, or one each."""
    return rng.choice(values) if rng.random() < 0.5 else [rng.choice(values), rng.choice(values)]


def pair(value):
    return [value, value] if isinstance(value, int) else value


def given(rng, **options):
    """Leaves a third of the options to their defaults."""
    return {name: value for name, value in options.items() if rng.random() < 2 / 3}


def draw_conv2d(rng):
    kind = rng.choice(["plain", "plain", "grouped", "depthwise"])
    if kind == "plain":
        groups, inputs, outputs = 1, rng.choice([1, 2, 3, 5, 7, 8, 9, 16, 17]), rng.choice([1, 2, 3, 5, 7, 8, 9, 16, 17])
    elif kind == "grouped":
        groups, inputs, outputs = rng.choice([2, 3, 4]), rng.choice([1, 2, 3, 4, 5]), rng.choice([1, 2, 3, 4, 5])
    else:
        groups, inputs, outputs = rng.choice([2, 3, 4, 5, 7, 8, 9, 16, 17]), 1, rng.choice([1, 1, 2, 3])
    square = [rng.randint(1, 5)] * 2
    kernel = rng.choice([square, [rng.randint(1, 5), rng.randint(1, 5)], [1, rng.randint(2, 7)], [rng.randint(2, 7), 1]])
    size = [rng.randint(1, 12), rng.randint(1, 12)]
    options = given(rng, stride=some(rng, 1, 2, 3), padding=some(rng, 0, 1, 2, 3), dilation=some(rng, 1, 1, 2, 3))
    if groups > 1:
        options["groups"] = groups
    spans = [d * (k - 1) + 1 for d, k in zip(pair(options.get("dilation", 1)), kernel)]
    if any(span > length + 2 * p for span, length, p in zip(spans, size, pair(options.get("padding", 0)))):
        return None
    o = groups * outputs
    shapes = [[rng.randint(1, 3), groups * inputs, *size], [o, inputs, *kernel]]
    return Config(shapes + ([[o]] if rng.random() < 0.6 else []), options)


def run_conv2d(inputs, options):
    return F.conv2d(*inputs, **options)


def draw_pool(rng, options):
    """Shape of x, and kernelSize, stride and padding; padding is at most half the kernel, as PyTorch demands."""
    kernel = some(rng, 1, 2, 3, 4, 5)
    drawn = given(rng, stride=some(rng, 1, 2, 3, 4), padding=some(rng, 0, 1, 2), ceilMode=rng.random() < 0.7)
    options = {"kernelSize": kernel, **drawn, **options}
    if any(p > k // 2 for p, k in zip(pair(options.get("padding", 0)), pair(kernel))):
        return None
    x = [rng.randint(1, 3), rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]), rng.randint(1, 12), rng.randint(1, 12)]
    spans = [d * (k - 1) + 1 for d, k in zip(pair(options.get("dilation", 1)), pair(kernel))]
    if any(span > length + 2 * p for span, length, p in zip(spans, x[2:], pair(options.get("padding", 0)))):
        return None
    return x, options


def pool_arguments(options):
    return {
        "kernel_size": options["kernelSize"],
        "stride": options.get("stride"),
        "padding": options.get("padding", 0),
        "ceil_mode": options.get("ceilMode", False),
    }


def draw_max_pool2d(rng):
    drawn = draw_pool(rng, {"dilation": some(rng, 1, 2, 3)} if rng.random() < 0.4 else {})
    if drawn is None:
        return None
    x, options = drawn
    y = run_max_pool2d([torch.zeros(x)], options).shape
    # No window may see padding only: its maximum is -Infinity, and PyTorch 1.13 pulls its gradient to a wrong element.
    for axis, kernel in enumerate(pair(options["kernelSize"])):
        stride, padding, dilation = (pair(options.get(name, default))[axis] for name, default in
                                     [("stride", options["kernelSize"]), ("padding", 0), ("dilation", 1)])
        for i in range(y[2 + axis]):
            taps = [i * stride - padding + k * dilation for k in range(kernel)]
            if not any(0 <= tap < x[2 + axis] for tap in taps):
                return None
    # A third has few different values, so that windows hold their maximum several times: the first one gets the gradient.
    return Config([x], options, levels=2 if rng.random() < 1 / 3 else None)


def run_max_pool2d(inputs, options):
    return F.max_pool2d(*inputs, **pool_arguments(options), dilation=options.get("dilation", 1))


def draw_avg_pool2d(rng):
    drawn = draw_pool(rng, given(rng, countIncludePad=rng.random() < 0.3))
    if drawn is None:
        return None
    x, options = drawn
    if rng.random() < 0.25:
        options["divisorOverride"] = rng.randint(1, 9)
    return Config([x], options)


def run_avg_pool2d(inputs, options):
    return F.avg_pool2d(
        *inputs,
        **pool_arguments(options),
        count_include_pad=options.get("countIncludePad", True),
        divisor_override=options.get("divisorOverride"),
    )


def draw_linear(rng):
    n = rng.choice([1, 2, 3, 5, 6, 7, 13])
    inputs, outputs = rng.choice([1, 2, 3, 7, 8, 9, 31, 64, 65]), rng.choice([1, 2, 3, 7, 8, 9, 10, 17])
    return Config([[n, inputs], [outputs, inputs]] + ([[outputs]] if rng.random() < 0.6 else []), {})


def run_linear(inputs, _options):
    return F.linear(*inputs)


def draw_softmax_cross_entropy(rng):
    n, classes = rng.choice([1, 2, 3, 5, 8, 16, 17]), rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 10, 17, 100])
    # Logits up to 64 in magnitude: exp(128) is beyond float32, so the largest logit has to be subtracted first.
    return Config([[n, classes]], {"labels": [rng.randrange(classes) for _ in range(n)]}, scale=rng.choice([1, 8, 64]))


def run_softmax_cross_entropy(inputs, options):
    return F.cross_entropy(*inputs, torch.tensor(options["labels"]))


FAMILIES = {
    "conv2d": Family(420, draw_conv2d, run_conv2d),
    "maxPool2d": Family(150, draw_max_pool2d, run_max_pool2d),
    "avgPool2d": Family(150, draw_avg_pool2d, run_avg_pool2d),
    "linear": Family(100, draw_linear, run_linear),
    "softmaxCrossEntropy": Family(80, draw_softmax_cross_entropy, run_softmax_cross_entropy),
}


def make_family(name, family):
    rng = random.Random(f"{SEED} {name}")
    configs, full = [], 0
    while len(configs) < family.count:
        config = family.draw(rng)
        if config is None:
            continue
        seed = SEEDS_EACH * len(configs)
        results = compute(family, config, seed)
        entry = {key: value for key, value in config._asdict().items() if value is not None}
        entry["outputShape"] = list(results[0].shape)
        entry["results"] = [project(result, seed + PROJECTION + PROJECTIONS * i) for i, result in enumerate(results)]
        if full < FULL_CONFIGS and sum(result.size for result in results) <= FULL_ELEMENTS:
            entry["values"] = [[digits(value) for value in result.ravel()] for result in results]
            full += 1
        configs.append(entry)
    return configs


def compute(family, config, seed):
    """The output and the gradient of each argument, for a random gradient of the output."""
    arrays = [random_array(shape, seed + INPUT + i) for i, shape in enumerate(config.shapes)]
    inputs = [torch.tensor(prepare(config, array), requires_grad=True) for array in arrays]
    y = family.run(inputs, config.options)
    dy = torch.tensor(random_array(list(y.shape), seed + OUTPUT_GRADIENT))
    return [tensor.detach().numpy() for tensor in (y, *torch.autograd.grad(y, inputs, dy))]


def prepare(config, x):
    if config.levels is not None:
        x = np.floor(x * config.levels) / config.levels
    return x if config.scale is None else x * config.scale


def project(result, seed):
    directions = [random_array(result.shape, seed + j) for j in range(PROJECTIONS)]
    return [digits(np.abs(result).max()), *(digits((result * v).sum()) for v in directions)]


# Training: losses step by step.

STEPS = 20
BATCH = [8, 1, 12, 12]
CLASSES = 10
# Name, shape, fan-in, as `stateDict` has them; uniform within sqrt(6 / fan-in), Kaiming's bound for relu.
PARAMETERS = [
    ("0.weight", [4, 1, 3, 3], 9),
    ("0.bias", [4], 9),
    ("3.weight", [6, 4, 3, 3], 36),
    ("3.bias", [6], 36),
    ("7.weight", [10, 24], 24),
    ("7.bias", [10], 24),
]
BATCHES = 2
ORDERS = 16
RUNS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weightDecay": 1e-3}),
    ("Adam", {"lr": 1e-2}),
    ("Adam", {"lr": 1e-3, "betas": [0.8, 0.99], "eps": 1e-3, "weightDecay": 1e-2}),
]


def make_model(dtype):
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 6, 3), torch.nn.ReLU(), torch.nn.AvgPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(24, CLASSES),
    ).to(dtype)
    state = {}
    for i, (name, shape, fan_in) in enumerate(PARAMETERS):
        values = (random_array(shape, INPUT + i) * math.sqrt(6 / fan_in)).astype(np.float32)
        state[name] = torch.tensor(values).to(dtype)
    model.load_state_dict(state)
    return model


def losses(optimizer, options, labels, dtype, order):
    model = make_model(dtype)
    names = {"weightDecay": "weight_decay"}
    optimizer = getattr(torch.optim, optimizer)(model.parameters(), **{names.get(name, name): value for name, value in options.items()})
    values = []
    for step in range(STEPS):
        batch = step % BATCHES
        x = torch.tensor(random_array(BATCH, PROJECTION + batch)).to(dtype)
        loss = F.cross_entropy(model(x[order]), torch.tensor(labels[batch])[order])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return np.array(values)


def make_training():
    """Losses in float64, and how far PyTorch's own float32 strays from them: the largest distance up to each step.

    One float32 run says little about the next. The spread is that of ORDERS runs, which differ in the order of the samples
    in the batch: the same sums, rounded otherwise.
    """
    rng = random.Random(f"{SEED} training")
    labels = [[rng.randrange(CLASSES) for _ in range(BATCH[0])] for _ in range(BATCHES)]
    orders = [list(range(BATCH[0]))] + [rng.sample(range(BATCH[0]), BATCH[0]) for _ in range(ORDERS - 1)]
    runs = []
    for optimizer, options in RUNS:
        exact = losses(optimizer, options, labels, torch.float64, orders[0])
        distances = [np.abs(losses(optimizer, options, labels, torch.float32, order) - exact) for order in orders]
        spread = np.maximum.accumulate(np.max(distances, axis=0))
        runs.append({
            "optimizer": optimizer,
            "options": options,
            "loss": [digits(value) for value in exact],
            "spread": [float(f"{value:.2e}") for value in spread],
        })
    return {
        "batch": BATCH,
        "labels": labels,
        "parameters": [{"name": name, "shape": shape, "fanIn": fan_in} for name, shape, fan_in in PARAMETERS],
        "runs": runs,
    }


def provenance(seed):
    return {"script": "scripts/golden.py", "torch": torch.__version__, "precision": "float64", "seed": seed}


def write(name, head, rows_name, rows):
    """One row a line, so that a difference between two versions can be read."""
    lines = ["{"]
    lines += [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}," for key, value in head.items()]
    lines += [f"{json.dumps(rows_name)}: ["]
    lines += [",\n".join(json.dumps(row, separators=(",", ":")) for row in rows), "]", "}"]
    path = FOLDER / f"{name}.json"
    path.write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(rows)} {rows_name}, {path.stat().st_size} bytes")


def main(wanted):
    torch.set_num_threads(1)
    for name, family in FAMILIES.items():
        if not wanted or name in wanted:
            write(name, {"provenance": provenance(f"{SEED} {name}")}, "configs", make_family(name, family))
    if not wanted or "training" in wanted:
        training = make_training()
        runs = training.pop("runs")
        write("training", {"provenance": provenance(f"{SEED} training"), **training}, "runs", runs)
    if not wanted or "random" in wanted:
        # The generator itself: the first numbers for some seeds, as float32 prints them, and the sum of 1000.
        seeds = (0, 1, 2, 99, 27_000)
        rows = [{"seed": seed, "first": random_array([6], seed).tolist(), "sum": random_array([1000], seed).sum()} for seed in seeds]
        write("random", {"provenance": provenance("in each row")}, "arrays", rows)


if __name__ == "__main__":
    main(sys.argv[1:])
