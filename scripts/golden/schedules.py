"""Learning rates, and momenta where they move too, step by step."""

import random

import torch
from torch.optim import lr_scheduler

from arrays import digits
from families import SEED, given, snake

COUNT, STEPS = 150, 24


def draw_schedule(rng):
    """Name, arguments by position, and options."""
    name = rng.choice([
        "StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "LinearLR", "OneCycleLR", "OneCycleLR", "SequentialLR",
    ])
    if name == "StepLR":
        return [name, [rng.randint(1, 9), rng.choice([0.1, 0.5, 0.9])], {}]
    if name == "MultiStepLR":
        return [name, [sorted(rng.sample(range(1, STEPS), rng.randint(1, 4))), rng.choice([0.1, 0.5])], {}]
    if name == "ExponentialLR":
        return [name, [rng.choice([0.5, 0.9, 0.99])], {}]
    if name == "CosineAnnealingLR":
        return [name, [rng.choice([1, 5, 10, 23, 50]), rng.choice([0, 0.01])], {}]
    if name == "LinearLR":
        factors = given(rng, startFactor=rng.choice([0.1, 0.5, 1]), endFactor=rng.choice([0, 0.5, 1]), totalIters=rng.randint(1, 30))
        return [name, [], factors]
    if name == "OneCycleLR":
        return [name, [], {
            "maxLr": rng.choice([0.1, 1]), "totalSteps": rng.choice([STEPS, 30, 50]),
            **given(
                rng, pctStart=rng.choice([0.2, 0.4]), annealStrategy=rng.choice(["cos", "linear"]), cycleMomentum=rng.random() < 0.7,
                baseMomentum=rng.choice([0.7, 0.85]), maxMomentum=rng.choice([0.9, 0.99]), divFactor=rng.choice([10, 25]),
                finalDivFactor=rng.choice([100, 1e4]), threePhase=rng.random() < 0.5,
            ),
        }]
    warm_up = ["LinearLR", [], {"startFactor": rng.choice([0.01, 0.1]), "totalIters": rng.randint(1, 8)}]
    rest = rng.choice([["CosineAnnealingLR", [rng.choice([10, 20])], {}], ["StepLR", [4, 0.5], {}], ["ExponentialLR", [0.9], {}]])
    return [name, [[warm_up, rest], [rng.randint(2, 8)]], {}]


def make_schedule(optimizer, name, arguments, options):
    if name == "SequentialLR":
        schedules, milestones = arguments
        return lr_scheduler.SequentialLR(optimizer, [make_schedule(optimizer, *one) for one in schedules], milestones)
    names = {"tMax": "T_max"}
    return getattr(lr_scheduler, name)(optimizer, *arguments, **{names.get(key, key): value for key, value in snake(options).items()})


def make_schedules():
    rng = random.Random(f"{SEED} schedules")
    rows = []
    for _ in range(COUNT):
        name, arguments, options = draw_schedule(rng)
        parameter = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([parameter], lr=0.5, momentum=0.5)
        schedule = make_schedule(optimizer, name, arguments, options)
        checked = sorted({0, 1, STEPS - 1, *rng.sample(range(STEPS), 4)})
        row = {"schedule": [name, arguments, options], "steps": checked, "lr": [], "momentum": []}
        for step in range(STEPS):
            group = optimizer.param_groups[0]
            if step in checked:
                row["lr"].append(digits(group["lr"]))
                row["momentum"].append(digits(group["momentum"]))
            optimizer.step()
            schedule.step()
        if set(row["momentum"]) == {0.5}:
            del row["momentum"]
        rows.append(row)
    return rows
