"""Losses."""

import torch
import torch.nn.functional as F

from families import Config, Family, draw_shape, given, snake, tensor32


def draw_classes(rng):
    """Shape of the logits [N, C, ...], labels, and options that cross-entropy and likelihood have in common."""
    x = [rng.choice([1, 2, 3, 5, 8]), rng.choice([1, 2, 3, 4, 5, 7, 9, 10, 17])]
    x += rng.choice([[], [], [], [rng.randint(1, 4)], [rng.randint(1, 3), rng.randint(1, 3)]])

    def labels(shape):
        return [labels(shape[1:]) for _ in range(shape[0])] if shape else rng.randrange(x[1])

    options = {"target": labels([x[0], *x[2:]])}
    if rng.random() < 0.4:
        options["weight"] = [round(rng.uniform(0.1, 2), 2) for _ in range(x[1])]
    if rng.random() < 0.4:
        options["reduction"] = rng.choice(["mean", "sum", "none"])
    if rng.random() < 0.4:
        options["ignoreIndex"] = rng.choice([-100, -1, *range(x[1])])
        if options["ignoreIndex"] < 0:
            options["target"] = ignore(rng, options["target"], options["ignoreIndex"])
    kept = torch.tensor(options["target"]) != options.get("ignoreIndex", -100)
    # The mean of nothing is not a number.
    return (x, options) if kept.any() else None


def ignore(rng, target, index):
    if isinstance(target, list):
        return [ignore(rng, one, index) for one in target]
    return index if rng.random() < 0.3 else target


def draw_cross_entropy(rng):
    drawn = draw_classes(rng)
    if drawn is None:
        return None
    x, options = drawn
    if rng.random() < 0.15:
        # A probability for each class, positive.
        del options["target"]
        options.pop("ignoreIndex", None)
        return Config([x, x], options, scale=0.5, shift=1)
    if rng.random() < 0.4:
        options["labelSmoothing"] = rng.choice([0.1, 0.3, 1])
    # Logits up to 64 in magnitude: exp(128) is beyond float32, so the largest logit has to be subtracted first.
    return Config([x], options, scale=rng.choice([1, 8, 64]))


def run_classes(loss, inputs, options):
    options = snake(options)
    target = [torch.tensor(options.pop("target"))] if "target" in options else []
    if "weight" in options:
        options["weight"] = tensor32(options["weight"])
    return loss(*inputs, *target, **options)


def run_cross_entropy(inputs, options):
    return run_classes(F.cross_entropy, inputs, options)


def draw_softmax_cross_entropy(rng):
    n, classes = rng.choice([1, 2, 3, 5, 8, 16, 17]), rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 10, 17, 100])
    return Config([[n, classes]], {"labels": [rng.randrange(classes) for _ in range(n)]}, scale=rng.choice([1, 8, 64]))


def run_softmax_cross_entropy(inputs, options):
    return F.cross_entropy(*inputs, torch.tensor(options["labels"]))


def draw_nll(rng):
    drawn = draw_classes(rng)
    return drawn and Config([drawn[0]], drawn[1], scale=rng.choice([1, 8]))


def run_nll(inputs, options):
    return run_classes(F.nll_loss, inputs, options)


def draw_reduction(rng):
    return {"reduction": rng.choice(["mean", "sum", "none"])} if rng.random() < 0.6 else {}


def draw_regression(rng):
    op = rng.choice(["mseLoss", "l1Loss", "huberLoss", "smoothL1Loss"])
    options = {"op": op, **draw_reduction(rng)}
    if op == "huberLoss":
        options.update(given(rng, delta=rng.choice([0.5, 1, 3])))
    if op == "smoothL1Loss":
        options.update(given(rng, beta=rng.choice([0.5, 1, 3])))
    x = draw_shape(rng, rng.choice([1, 2, 3, 4]), 1, 2, 3, 4, 5, 7)
    # On a third the differences are multiples of a half: 0 and delta among them, where the parts meet.
    return Config([x, x], options, levels=rng.choice([None, None, 2]), scale=rng.choice([1, 4]))


def run_regression(inputs, options):
    options = dict(options)
    loss = {"mseLoss": F.mse_loss, "l1Loss": F.l1_loss, "huberLoss": F.huber_loss, "smoothL1Loss": F.smooth_l1_loss}[options.pop("op")]
    return loss(*inputs, **options)


def draw_bce(rng):
    """Logits, and targets between 0 and 1 from a sigmoid of the second argument."""
    x = draw_shape(rng, rng.choice([1, 2, 3]), 1, 2, 3, 5, 7)
    options = draw_reduction(rng)
    count = torch.Size(x).numel()
    options["target"] = [rng.choice([0, 1, round(rng.random(), 2)]) for _ in range(count)]
    if rng.random() < 0.4 and count <= 24:
        options["weight"] = [round(rng.uniform(0.1, 2), 2) for _ in range(count)]
    if rng.random() < 0.4:
        options["posWeight"] = [round(rng.uniform(0.1, 3), 2) for _ in range(x[-1])]
    # Where all logits are far beyond their targets float64's loss is 0 in PyTorch: it rounds 1 + exp(-64).
    return Config([x], options, scale=rng.choice([1, 8, 64] if count > 5 else [1, 8])) if count <= 60 else None


def run_bce(inputs, options):
    options = snake(options)
    for name in ("target", "weight", "pos_weight"):
        if name in options:
            options[name] = tensor32(options[name])
            if name != "pos_weight":
                options[name] = options[name].reshape(inputs[0].shape)
    return F.binary_cross_entropy_with_logits(*inputs, **options)


def draw_kl(rng):
    """Log-probabilities (normalised or not: the loss does not ask) and a target, or its logarithm."""
    x = draw_shape(rng, rng.choice([1, 2, 3]), 1, 2, 3, 5, 7)
    options = {"reduction": rng.choice(["mean", "sum", "none", "batchmean"])} if rng.random() < 0.8 else {}
    if rng.random() < 0.5:
        return Config([x, x], {**options, "logTarget": True}, scale=rng.choice([1, 4]))
    # Between 0.5 and 1.5: positive.
    return Config([x, x], options, scale=0.5, shift=1)


def run_kl(inputs, options):
    return F.kl_div(*inputs, reduction=options.get("reduction", "mean"), log_target=options.get("logTarget", False))


FAMILIES = {
    "softmaxCrossEntropy": Family(150, draw_softmax_cross_entropy, run_softmax_cross_entropy),
    "crossEntropy": Family(160, draw_cross_entropy, run_cross_entropy),
    "nllLoss": Family(150, draw_nll, run_nll),
    "regressionLoss": Family(160, draw_regression, run_regression),
    "binaryCrossEntropy": Family(150, draw_bce, run_bce),
    "klDiv": Family(150, draw_kl, run_kl),
}
