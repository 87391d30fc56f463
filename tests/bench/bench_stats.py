# SPDX-License-Identifier: MIT
"""Figures out of the rounds: medians, quartiles, and ratios that are always taken within one round."""
import statistics


def figure(figures, path):
    """The value at a path such as c64.latency_us.p50, or None."""
    for key in path.split("."):
        if not isinstance(figures, dict) or key not in figures:
            return None
        figures = figures[key]
    return figures


def values(results, name, path):
    """One figure of one server, round by round."""
    server = results["servers"].get(name)
    found = [figure(figures, path) for figures in server["rounds"]] if server else []
    return found if found and None not in found else []


def median(results, name, path):
    """A figure's median, or None if it was not measured."""
    found = values(results, name, path)
    return statistics.median(found) if found else None


def ratios(results, name, other, path, other_path=None):
    """One server's figure over another's, round by round."""
    return [a / b for a, b in zip(values(results, name, path), values(results, other, other_path or path)) if b]


def best_of(results, names, path, at_least=False):
    """Of several servers the one with the best median of a figure, or None."""
    measured = [name for name in names if values(results, name, path)]
    return (max if at_least else min)(measured, key=lambda name: median(results, name, path)) if measured else None


def quartiles(numbers):
    """The first and the third; of fewer than four numbers, the least and the greatest."""
    if len(numbers) < 4:
        return min(numbers), max(numbers)
    low, _, high = statistics.quantiles(numbers, n=4)
    return low, high


def spread(numbers):
    """Half the distance between the quartiles, as a share of the median."""
    if len(numbers) < 4 or not statistics.median(numbers):
        return 0.0
    low, high = quartiles(numbers)
    return (high - low) / 2 / statistics.median(numbers)


def median_curve(curves):
    """Of several curves, the median at each point."""
    return [statistics.median(points) for points in zip(*curves)]
