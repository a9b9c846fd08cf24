#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Prints what tests/unit/prover/test_statistics.c expects, by SciPy, scikit-learn and NumPy
(python3-scipy, python3-sklearn: needed by nothing else)."""

import numpy
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

MASK = (1 << 64) - 1


class Dice:
    """src/prover/dice.h."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        """A number below the limit."""
        self.state = (self.state + 0x9e3779b97f4a7c15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & MASK
        return (((z ^ (z >> 31)) >> 32) * limit) >> 32


def delong(a, b):
    """The area under the curve and its standard error, by DeLong's definition."""
    a, b = numpy.array(a, float), numpy.array(b, float)
    above = (a[:, None] > b[None, :]) + .5 * (a[:, None] == b[None, :])
    variance = above.mean(1).var(ddof=1) / len(a) + above.mean(0).var(ddof=1) / len(b)
    return above.mean(), variance ** .5


def standardised(x):
    """As logit.c does it."""
    mean, scale = x.mean(0), x.std(0)
    is_constant = scale <= 1e-9 * (1 + abs(mean))
    return numpy.clip(numpy.where(is_constant, 0, (x - mean) / numpy.where(is_constant, 1, scale)),
                      -6, 6)


def main():
    """All of it."""
    dice = Dice(7)
    few = [[dice.below(1000) + 100 for _ in range(200)], [dice.below(1000) for _ in range(150)]]
    tied = [[dice.below(12) for _ in range(60)], [dice.below(10) for _ in range(80)]]
    for a, b in (few, tied):
        print("auc, error:", *delong(a, b), "p:",
              stats.mannwhitneyu(a, b, method="asymptotic").pvalue)
    dice = Dice(11)
    rows, are_first = [], []
    for i in range(400):
        is_first = i % 2 == 0
        rows.append([dice.below(1000) / 100 + (1.5 if is_first else 0),
                     dice.below(1000) / 100 * (1.6 if is_first else 1), 5])
        are_first.append(is_first)
    linear = standardised(numpy.array(rows))
    terms = numpy.hstack([linear, standardised(linear ** 2)])
    found = LogisticRegression(C=1.0, tol=1e-12, max_iter=10000,
                               solver="newton-cholesky").fit(terms, are_first)
    print("weights:", found.coef_, found.intercept_, "auc:",
          roc_auc_score(are_first, found.decision_function(terms)))


if __name__ == "__main__":
    main()
