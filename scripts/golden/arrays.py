"""Random numbers that both sides draw alike, and how few of them tell an array from another."""

import math

import numpy as np

# Inner products of each result that are stored.
PROJECTIONS = 2


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


def direction(shape, seed):
    """Random signs and magnitudes between a half and 1: `direction` of test/golden/family.ts."""
    r = random_array(shape, seed)
    return np.where(r < 0, -1, 1) * (1 + np.abs(r)) / 2


def digits(value, count=10):
    """Ten significant digits: a thousand times finer than float32. Whole numbers as such."""
    rounded = float(f"{value:.{count}g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 2**53 else rounded


def project(result, seed):
    """The largest magnitude, and inner products with random directions."""
    largest = np.abs(result).max() if result.size else 0
    return [digits(largest, 4), *(digits((result * direction(result.shape, seed + j)).sum()) for j in range(PROJECTIONS))]
