"""Training: losses step by step."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from arrays import digits, random_array
from families import INPUT, PROJECTION, SEED, snake

STEPS = 20
BATCH = [8, 1, 12, 12]
CLASSES = 10
BATCHES = 2
ORDERS = 16


class Residual(nn.Module):
    """x + body(x)"""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.body(x)


def classification(y, _x, labels):
    return F.cross_entropy(y, labels)


def reconstruction(y, x, _labels):
    return F.mse_loss(y, x)


# The same networks are built by hand in test/train.test.ts.
NETWORKS = {
    "plain": (classification, lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(24, CLASSES),
    )),
    "residual": (classification, lambda: nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.GELU(),
        Residual(
            nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.BatchNorm2d(6), nn.SiLU(),
            nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6),
        ),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, CLASSES),
    )),
    "autoencoder": (reconstruction, lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1, padding_mode="replicate"), nn.GroupNorm(2, 4), nn.Hardswish(),
        nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), nn.LeakyReLU(0.1),
        nn.Conv2d(3, 1, 3, padding=1, padding_mode="reflect"),
    )),
}

RUNS = [
    ("plain", "SGD", {"lr": 0.1}),
    ("plain", "SGD", {"lr": 0.05, "momentum": 0.9, "weightDecay": 1e-3}),
    ("plain", "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("plain", "Adam", {"lr": 1e-2}),
    ("plain", "Adam", {"lr": 1e-3, "betas": [0.8, 0.99], "eps": 1e-3, "weightDecay": 1e-2}),
    ("plain", "AdamW", {"lr": 1e-2, "weightDecay": 0.1}),
    ("plain", "RMSprop", {"lr": 1e-3, "alpha": 0.95, "eps": 1e-3, "momentum": 0.5}),
    ("residual", "SGD", {"lr": 0.05, "momentum": 0.9}),
    ("residual", "SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weightDecay": 1e-2}),
    ("residual", "SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("residual", "Adam", {"lr": 1e-2, "eps": 1e-4}),
    ("residual", "AdamW", {"lr": 1e-2, "betas": [0.8, 0.99], "eps": 1e-3, "weightDecay": 0.1}),
    ("residual", "RMSprop", {"lr": 2e-3, "alpha": 0.9, "eps": 1e-3, "centered": True}),
    ("autoencoder", "SGD", {"lr": 0.1, "momentum": 0.9}),
    ("autoencoder", "Adam", {"lr": 1e-2}),
    ("autoencoder", "AdamW", {"lr": 1e-2, "amsgrad": True}),
]


def initial(parameters):
    """Name and shape of each, and the bound within which it is uniform: Kaiming's for relu. Scales of norms start near 1."""
    rows = []
    for name, parameter in parameters:
        shape = list(parameter.shape)
        norm = len(shape) == 1 and name.endswith("weight")
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else 9
        rows.append({"name": name, "shape": shape, **({"scale": 0.25, "shift": 1} if norm else {"scale": digits(math.sqrt(6 / fan_in))})})
    return rows


def make_model(network, dtype):
    _, make = NETWORKS[network]
    model = make()
    with torch.no_grad():
        for i, (row, parameter) in enumerate(zip(initial(model.named_parameters()), model.parameters())):
            values = random_array(row["shape"], INPUT + i) * row["scale"] + row.get("shift", 0)
            parameter.copy_(torch.tensor(values.astype(np.float32)))
    return model.to(dtype)


def losses(network, optimizer, options, labels, dtype, order):
    """The loss before each step, and in the end that of the first batch in evaluation."""
    loss_of, _ = NETWORKS[network]
    model = make_model(network, dtype)
    optimizer = getattr(torch.optim, optimizer)(model.parameters(), **snake(options))
    batches = [(torch.tensor(random_array(BATCH, PROJECTION + i)).to(dtype)[order], torch.tensor(labels[i])[order]) for i in range(BATCHES)]
    values = []
    for step in range(STEPS):
        x, target = batches[step % BATCHES]
        loss = loss_of(model(x), x, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    model.eval()
    x, target = batches[0]
    return np.array([*values, loss_of(model(x), x, target).item()])


def make_training():
    """Losses in float64, and how far PyTorch's own float32 strays from them: the largest distance up to each step.

    One float32 run says little about the next. The spread is that of ORDERS runs, which differ in the order of the samples
    in the batch: the same sums, rounded otherwise. It is at least half a unit of the loss, by which that is rounded itself.
    """
    rng = random.Random(f"{SEED} training")
    labels = [[rng.randrange(CLASSES) for _ in range(BATCH[0])] for _ in range(BATCHES)]
    orders = [list(range(BATCH[0]))] + [rng.sample(range(BATCH[0]), BATCH[0]) for _ in range(ORDERS - 1)]
    runs = []
    for network, optimizer, options in RUNS:
        exact = losses(network, optimizer, options, labels, torch.float64, orders[0])
        distances = [np.abs(losses(network, optimizer, options, labels, torch.float32, order) - exact) for order in orders]
        spread = np.maximum.accumulate(np.max([*distances, np.finfo(np.float32).eps / 2 * exact], axis=0))
        runs.append({
            "network": network,
            "optimizer": optimizer,
            "options": options,
            "loss": [digits(value) for value in exact],
            "spread": [float(f"{value:.2e}") for value in spread],
        })
    parameters = {network: initial(make().named_parameters()) for network, (_, make) in NETWORKS.items()}
    return {"batch": BATCH, "labels": labels, "parameters": parameters, "runs": runs}
