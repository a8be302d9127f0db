"""Scores in plain loops; a weighted score is that of the rows repeated."""

import math

import numpy as np


def weighted_mean(values, weight=None):
    """Return ``sum w v / sum w``."""
    weight = np.ones(len(values)) if weight is None else weight
    total = math.fsum(float(w) * float(v) for w, v in zip(weight, values, strict=True))
    return total / math.fsum(float(w) for w in weight)


def brier(y, p, weight=None):
    """Return the mean of the squared distances between label and probabilities."""
    rows = [
        math.fsum((float(a) - float(b)) ** 2 for a, b in zip(*pair, strict=True))
        for pair in zip(y, p, strict=True)
    ]
    return weighted_mean(rows, weight)


def row_log_loss(y, p, floor):
    """Return ``-log max(p_c, floor)`` of each row."""
    return [
        -math.log(max(float(row[int(np.argmax(label))]), floor))
        for label, row in zip(y, p, strict=True)
    ]


def calibration_error(y, p, weight, n_bins):
    """Return ``sum over bins of share |accuracy - confidence|``, a bin being [b, b + 1) / n."""
    weight = np.ones(len(p)) if weight is None else weight
    bins = [[] for _ in range(n_bins)]
    for label, row, w in zip(y, p, weight, strict=True):
        top = int(np.argmax(row))
        b = min(math.floor(float(row[top]) * n_bins), n_bins - 1)
        bins[b].append((float(w), float(label[top]), float(row[top])))
    total = 0.0
    for rows in bins:
        share = sum(w for w, _, _ in rows)
        if share > 0:
            accuracy = sum(w * hit for w, hit, _ in rows) / share
            confidence = sum(w * top for w, _, top in rows) / share
            total += share * abs(accuracy - confidence)
    return total / float(np.sum(weight))


def agreement(p, q, weight=None):
    """Return the share of rows with the same most probable class (the first, if tied)."""
    same = [float(np.argmax(a) == np.argmax(b)) for a, b in zip(p, q, strict=True)]
    return weighted_mean(same, weight)


def kullback_leibler(p, q, floor):
    """Return ``sum_k p_k log(p_k / max(q_k, floor))`` of each row; terms with p_k = 0 are 0."""
    return [
        math.fsum(
            float(a) * math.log(float(a) / max(float(b), floor))
            for a, b in zip(*pair, strict=True)
            if a > 0
        )
        for pair in zip(p, q, strict=True)
    ]


def auc_components(positive, score, weight):
    """Return V10 of each positive and V01 of each negative row, by looking at every pair."""
    psi = 1.0 * (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
    values = np.full(len(score), np.nan)
    for i in range(len(score)):
        others = [j for j in range(len(score)) if positive[j] != positive[i]]
        pairs = [psi[i, j] if positive[i] else psi[j, i] for j in others]
        values[i] = weighted_mean(pairs, weight[others])
    return values
