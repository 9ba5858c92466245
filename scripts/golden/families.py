"""What a family is, and how its configurations are drawn, computed and written."""

import json
import random
import re
from collections import namedtuple
from pathlib import Path

import numpy as np
import torch

from arrays import PROJECTIONS, digits, direction, project, random_array

SEED = 20
# Seeds of configuration i: SEEDS_EACH * i plus one of these offsets, as in test/golden/family.ts.
SEEDS_EACH, INPUT, OUTPUT_GRADIENT, PROJECTION = 64, 1, 11, 21
# How many configurations hold every value, and how many elements those may have together.
FULL_CONFIGS, FULL_ELEMENTS = 2, 60

# Machine epsilon of float32, and how many times inputs are shaken to see whether results hold still.
EPSILON, SHAKES = 2.0**-23, 3

FOLDER = Path(__file__).resolve().parent.parent.parent / "test" / "golden"

# One random configuration: shapes of the tensor arguments, and options in the package's names. Arguments are rounded down to
# multiples of 1 / levels, multiplied by scale and moved by shift; the last `constants` of them have no gradient.
Config = namedtuple("Config", "shapes options levels scale shift constants", defaults=(None, None, None, None))

# `draw(rng)` returns a Config, or None if that draw is not allowed; `run(inputs, options)` a tensor or a list of them.
Family = namedtuple("Family", "count draw run")


def some(rng, rank, *values):
    """One number for all axes, or one each."""
    return rng.choice(values) if rng.random() < 0.5 else [rng.choice(values) for _ in range(rank)]


def each(value, rank):
    """One number for each axis."""
    return [value] * rank if isinstance(value, int) else list(value)


def given(rng, **options):
    """Leaves a third of the options to their defaults."""
    return {name: value for name, value in options.items() if rng.random() < 2 / 3}


def snake(options):
    """The options in PyTorch's names."""
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in options.items()}


def draw_shape(rng, rank, *lengths):
    return [rng.choice(lengths or (1, 2, 3, 4, 5, 7, 8, 9)) for _ in range(rank)]


def tensor32(values):
    """Decimal numbers as the package holds them, in the precision that is computed with."""
    return torch.tensor(np.array(values, dtype=np.float32)).to(torch.get_default_dtype())


def make_family(name, family):
    rng = random.Random(f"{SEED} {name}")
    rows, full, unsteady = [], 0, 0
    while len(rows) < family.count:
        config = family.draw(rng)
        if config is None:
            continue
        seed = SEEDS_EACH * len(rows)
        outputs, gradients = compute(family, config, seed)
        results = outputs + gradients
        if not is_steady(family, config, seed, results):
            unsteady += 1
            continue
        if not all(np.isfinite(result).all() for result in results):
            raise ValueError(f"{name}: {config} has results that are not finite")
        more = {key: value for key, value in config._asdict().items() if value is not None and key not in ("shapes", "options")}
        if full < FULL_CONFIGS and 0 < sum(result.size for result in results) <= FULL_ELEMENTS:
            more["values"] = [[digits(value) for value in result.ravel()] for result in results]
            full += 1
        projections = [project(result, seed + PROJECTION + PROJECTIONS * i) for i, result in enumerate(results)]
        row = [config.shapes, config.options, [list(output.shape) for output in outputs], projections]
        rows.append(row + ([more] if more else []))
    if unsteady:
        print(f"{name}: {unsteady} unsteady configurations drawn again")
    return rows


def is_steady(family, config, seed, results):
    """False where a result is what rounding leaves: a sum that cancels, the logarithm of almost 1.

    PyTorch's own float32, from inputs and gradients that are shaken by half a unit, must come to projections within half of what
    the tests allow at least. Where values are to coincide they are not shaken.
    """
    for shake in range(SHAKES if config.levels is None else 1):
        shaker = np.random.default_rng(shake) if config.levels is None else None
        outputs, gradients = compute(family, config, seed, torch.float32, shaker)
        for i, (result, single) in enumerate(zip(results, outputs + gradients)):
            v = direction(result.shape, seed + PROJECTION + PROJECTIONS * i)
            if not abs(((single - result) * v).sum()) <= 4 * EPSILON * np.abs(result).max(initial=0) * np.sqrt((v * v).sum()):
                return False
    return True


def compute(family, config, seed, dtype=torch.float64, shaker=None):
    """The outputs and the gradient of each argument, for random gradients of the outputs that have one."""

    def ready(array):
        return torch.tensor(array if shaker is None else array * (1 + EPSILON / 2 * shaker.uniform(-1, 1, array.shape)), dtype=dtype)

    torch.set_default_dtype(dtype)
    arrays = [prepare(config, random_array(shape, seed + INPUT + i)) for i, shape in enumerate(config.shapes)]
    variables = len(arrays) - (config.constants or 0)
    inputs = [ready(array).requires_grad_(i < variables) for i, array in enumerate(arrays)]
    outputs = family.run(inputs, config.options)
    if torch.is_tensor(outputs):
        outputs = [outputs]
    dys = [(y, ready(random_array(list(y.shape), seed + OUTPUT_GRADIENT + i))) for i, y in enumerate(outputs) if y.requires_grad]
    gradients = torch.autograd.grad([y for y, _ in dys], inputs[:variables], [dy for _, dy in dys]) if dys else []
    return [y.detach().numpy().astype(np.float64) for y in outputs], [dx.numpy().astype(np.float64) for dx in gradients]


def prepare(config, x):
    if config.levels is not None:
        x = np.floor(x * config.levels) / config.levels
    x = x * (1 if config.scale is None else config.scale) + (0 if config.shift is None else config.shift)
    return x.astype(np.float32).astype(np.float64)


def provenance(seed):
    return {"script": "scripts/golden", "torch": torch.__version__, "precision": "float64", "seed": seed}


def write(name, head, rows_name, rows):
    """One row a line, so that a difference between two versions can be read."""
    lines = ["{"]
    lines += [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}," for key, value in head.items()]
    lines += [f"{json.dumps(rows_name)}:["]
    lines += [",\n".join(json.dumps(row, separators=(",", ":")) for row in rows), "]", "}"]
    path = FOLDER / f"{name}.json"
    path.write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(rows)} {rows_name}, {path.stat().st_size} bytes")
