# SPDX-License-Identifier: MIT
"""Median and its 95 % interval by bootstrap. The seed is fixed: the same numbers, the same answer."""
import random
import statistics

RESAMPLES = 4000


def median_interval(values):
    """(median, low, high); low and high are equal to the median for a single value."""
    rng = random.Random(20260101)
    n = len(values)
    medians = sorted(statistics.median(rng.choices(values, k=n)) for _ in range(RESAMPLES))
    low, high = medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES) - 1]
    return statistics.median(values), low, high
