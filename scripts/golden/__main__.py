"""Expected values from PyTorch: regenerates test/golden/*.json. The tests need only those files, no Python.

    python3 scripts/golden [family ...]

Inputs are not stored: both sides draw them from one generator (`random_array` in arrays.py, `randomArray` in test/array.ts) and
start from equal float32 numbers. PyTorch computes in float64. Of every output and gradient a file holds the largest magnitude
and two inner products with random directions, whose elements lie between a half and 1 in magnitude: a wrong element, in
whatever place, moves both. A few small configurations hold every value too, to be read.

A new family is a `draw` (one random configuration, or None if it is not allowed), a `run` and a line in the FAMILIES of its
module.
"""

import sys

import torch

import activations
import arithmetic
import convolution
import losses
import movement
import norms
import pooling
from arrays import random_array
from families import SEED, make_family, provenance, write
from schedules import make_schedules
from training import make_training

MODULES = [convolution, pooling, norms, activations, losses, arithmetic, movement]


def main(wanted):
    torch.set_num_threads(1)
    for name, family in (item for module in MODULES for item in module.FAMILIES.items()):
        if not wanted or name in wanted:
            head = {"provenance": provenance(f"{SEED} {name}"), "columns": ["shapes", "options", "outputs", "results", "more"]}
            write(name, head, "configs", make_family(name, family))
    if not wanted or "training" in wanted:
        training = make_training()
        runs = training.pop("runs")
        write("training", {"provenance": provenance(f"{SEED} training"), **training}, "runs", runs)
    if not wanted or "schedules" in wanted:
        write("schedules", {"provenance": provenance(f"{SEED} schedules")}, "runs", make_schedules())
    if not wanted or "random" in wanted:
        # The generator itself: the first numbers for some seeds, as float32 prints them, and the sum of 1000.
        seeds = (0, 1, 2, 99, 27_000)
        rows = [{"seed": seed, "first": random_array([6], seed).tolist(), "sum": random_array([1000], seed).sum()} for seed in seeds]
        write("random", {"provenance": provenance("in each row")}, "arrays", rows)


if __name__ == "__main__":
    main(sys.argv[1:])
