"""What a teacher's figures recommend: one rule a function, a sentence or None."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from skdistill.base import DUPLICATE_SHARE

if TYPE_CHECKING:
    from skdistill.inspection.teacher import TeacherReport

__all__ = ["advise"]

CALIBRATION_GAIN = 0.02  # share of the log-loss from which a calibration is worth a sentence
RARE = 20  # rows of a class below which its figures say little
SPREAD = 1.5  # worst fold's Brier score over the mean from which folds are called unequal


def advise(report: "TeacherReport") -> tuple[str, ...]:
    """Return the sentences of all rules that have something to say, the gravest first."""
    found = tuple(text for text in (rule(report) for rule in RULES) if text is not None)
    return found or ("Nothing here speaks against distilling this teacher.",)


def _no_better_than_frequencies(report: "TeacherReport") -> str | None:
    base = report.scores["class frequencies"]["log_loss"]
    # Calibrated on these rows it is flattered; but if that does not help it, nothing does.
    kinds = ("out of fold, calibrated", "calibrated on these rows", "out of fold")
    loss = next(report.scores[kind]["log_loss"] for kind in kinds if kind in report.scores)
    if loss < base:
        return None
    return (
        f"Do not distil this teacher: its log-loss out of fold is {loss:.4f}, that of the class "
        f"frequencies alone {base:.4f}. It has learnt nothing of use."
    )


def _no_lead(report: "TeacherReport") -> str | None:
    if report.lead is None or report.lead > 0.0:
        return None
    return (
        f"Train the student on the labels: out of fold its Brier score is better than the "
        f"teacher's by {-report.lead:.4f}. This teacher has nothing to teach it."
    )


def _memorises(report: "TeacherReport") -> str | None:
    if report.memorisation is None:
        return None
    seen = report.scores["in-sample"]["log_loss"]
    unseen = report.scores["out of fold"]["log_loss"]
    if unseen <= 1.1 * seen:
        return None
    return (
        f"Never distil this teacher's probabilities of the rows it was fitted on: its log-loss is "
        f"{seen:.4f} there and {unseen:.4f} out of fold. It remembers their labels."
    )


def _leaks_through_duplicates(report: "TeacherReport") -> str | None:
    twins = report.duplicates
    if twins is None or not twins.in_other_fold > DUPLICATE_SHARE:
        return None
    return (
        f"Keep identical rows together: {twins.in_other_fold:.1%} of the rows have one in another "
        "fold, so their probabilities may have seen their label. Pass groups=, or weigh one row "
        "for all."
    )


def _conflicting(report: "TeacherReport") -> str | None:
    twins = report.duplicates
    if twins is None or not twins.conflicting > DUPLICATE_SHARE:
        return None
    return (
        f"Look at the labels: {twins.conflicting:.1%} of the rows have an identical row of another "
        "label. No model can be right on both."
    )


def _calibration(report: "TeacherReport") -> str | None:
    if "out of fold, calibrated" not in report.scores:
        return None
    raw = report.scores["out of fold"]["log_loss"]
    calibrated = report.scores["out of fold, calibrated"]["log_loss"]
    if calibrated > raw * (1.0 + CALIBRATION_GAIN):
        return (
            f"Leave the calibration out (calibration=None): it raises the log-loss from {raw:.4f} "
            f"to {calibrated:.4f}."
        )
    if calibrated < raw * (1.0 - CALIBRATION_GAIN):
        return f"Keep the calibration: it lowers the log-loss from {raw:.4f} to {calibrated:.4f}."
    return None


def _biased(report: "TeacherReport") -> str | None:
    if report.residual is None:
        return None
    bound = report.residual.squared_error
    if bound.error is None or not bound.mean > 2.0 * bound.error:
        return None
    return (
        f"Keep the correction: the features explain {report.residual.r2:.1%} of this teacher's "
        f"residual, so its squared error is at least {bound.mean:.4f} (standard error "
        f"{bound.error:.4f}). Plain distillation would teach it to the student; a better teacher "
        "exists."
    )


def _useless_classes(report: "TeacherReport") -> str | None:
    poor = [
        f"{label} ({row['brier']:.4f} against {row['frequency'] * (1.0 - row['frequency']):.4f})"
        for label, row in report.by_class.items()
        if row["brier"] >= row["frequency"] * (1.0 - row["frequency"]) > 0.0
    ]
    if not poor or len(poor) == len(report.by_class):
        return None
    return (
        "Mind the classes that it tells no better than their frequency does, by Brier score: "
        f"{', '.join(poor)}."
    )


def _rare_classes(report: "TeacherReport") -> str | None:
    rare = [
        f"{k} ({row['n_rows']:.0f})" for k, row in report.by_class.items() if row["n_rows"] < RARE
    ]
    if not rare:
        return None
    return f"Trust no figure of the classes with few rows: {', '.join(rare)}."


def _unequal_folds(report: "TeacherReport") -> str | None:
    if len(report.by_fold) < 2:
        return None
    briers = {number: row["brier"] for number, row in report.by_fold.items()}
    worst, mean = max(briers, key=lambda number: briers[number]), np.mean(list(briers.values()))
    gap, error = briers[worst] - mean, report.by_fold[worst]["brier_error"]
    if not (briers[worst] > SPREAD * mean and gap > 3.0 * error):
        return None
    return (
        f"Look at fold {worst}: its Brier score is {briers[worst]:.4f}, the mean of the folds "
        f"{mean:.4f}. Are its rows of another kind, or ordered in time?"
    )


RULES: tuple[Callable[["TeacherReport"], str | None], ...] = (
    _no_better_than_frequencies,
    _no_lead,
    _memorises,
    _leaks_through_duplicates,
    _biased,
    _calibration,
    _useless_classes,
    _unequal_folds,
    _rare_classes,
    _conflicting,
)
