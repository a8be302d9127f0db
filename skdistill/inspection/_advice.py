"""What a teacher's figures recommend: one rule a function, a sentence or None."""

from collections.abc import Callable

import numpy as np

from skdistill.estimators.base import DUPLICATE_SHARE
from skdistill.inspection._facts import TeacherFacts

__all__ = ["advise"]

CALIBRATION_GAIN = 0.02  # share of the log-loss from which a calibration is worth a sentence
LABEL_R2 = 0.5  # share of the labels' variance from which a perfect teacher may be honest
RARE = 20  # rows of a class below which its figures say little
ROWS_PER_CLASS = 100  # on average, from which a small model is asked what the features say
SPREAD = 1.5  # worst fold's Brier score over the mean from which folds are called unequal


def advise(report: TeacherFacts) -> tuple[str, ...]:
    """Return the sentences of all rules that have something to say, the gravest first."""
    found = tuple(text for text in (rule(report) for rule in RULES) if text is not None)
    return found or ("Nothing here speaks against distilling this teacher.",)


def _kind(report: TeacherFacts) -> str:
    """Return what the scores of the teacher as it is are called."""
    return "given" if report.given else "out of fold"


def _looks_in_sample(report: TeacherFacts) -> str | None:
    """Suspect given probabilities that are never wrong where the features say little.

    Only a teacher that has seen the labels, or one that is perfect where a small model fails,
    ranks all of them first; the small model needs some rows before it can be a witness.
    """
    if report.label_r2 is None or report.label_r2 >= LABEL_R2:
        return None
    enough = report.n_rows >= ROWS_PER_CLASS * len(report.classes)
    if not enough or report.scores["given"]["accuracy"] < 1.0 - 1e-9:
        return None
    return (
        "Do not distil these probabilities before you know that their teacher had not seen these "
        f"rows: they rank every label of {report.n_rows:,} rows first, and a small model of the "
        f"features, on rows held out from it, explains {max(report.label_r2, 0.0):.0%} of the "
        "labels' variance. Probabilities of the rows that a teacher was fitted on look like this."
    )


def _of_unknown_origin(report: TeacherFacts) -> str | None:
    if not report.given:
        return None
    return (
        "Whether this teacher had seen the labels of these rows is not known: its probabilities "
        "were given, or it was frozen. If it had, every figure here is too good, and a student "
        "learns what it remembers: be sure that no row was among those it was fitted on, or have "
        "it cross-fitted (teacher=)."
    )


def _no_better_than_frequencies(report: TeacherFacts) -> str | None:
    base = report.scores["class frequencies"]["log_loss"]
    kind = _kind(report)
    # Calibrated on these rows it is flattered; but if that does not help it, nothing does.
    kinds = (f"{kind}, calibrated", "calibrated on these rows", kind)
    loss = next(report.scores[kind]["log_loss"] for kind in kinds if kind in report.scores)
    if loss < base:
        return None
    where = "" if report.given else " out of fold"
    return (
        f"Do not distil this teacher: its log-loss{where} is {loss:.4f}, that of the class "
        f"frequencies alone {base:.4f}. It has learnt nothing of use."
    )


def _no_lead(report: TeacherFacts) -> str | None:
    if report.lead is None or report.lead > 0.0:
        return None
    return (
        f"Look for a better teacher: out of fold the student's Brier score is better than this "
        f"one's by {-report.lead:.4f}. All that it can do is steady a student that varies much."
    )


def _memorises(report: TeacherFacts) -> str | None:
    if report.memorisation is None:
        return None
    seen = report.scores["in-sample"]["log_loss"]
    unseen = report.scores[_kind(report)]["log_loss"]
    if unseen <= 1.1 * seen:
        return None
    return (
        f"Never distil this teacher's probabilities of the rows it was fitted on: its log-loss is "
        f"{seen:.4f} there and {unseen:.4f} {'as given' if report.given else 'out of fold'}. It "
        "remembers their labels."
    )


def _leaks_through_duplicates(report: TeacherFacts) -> str | None:
    twins = report.duplicates
    if twins is None or not twins.in_other_fold > DUPLICATE_SHARE:
        return None
    return (
        f"Keep identical rows together: {twins.in_other_fold:.1%} of the rows have one in another "
        "fold, so their probabilities may have seen their label. Pass groups=, or weigh one row "
        "for all."
    )


def _conflicting(report: TeacherFacts) -> str | None:
    twins = report.duplicates
    if twins is None or not twins.conflicting > DUPLICATE_SHARE:
        return None
    return (
        f"Look at the labels: {twins.conflicting:.1%} of the rows have an identical row of another "
        "label. No model can be right on both."
    )


def _calibration(report: TeacherFacts) -> str | None:
    kind = _kind(report)
    if f"{kind}, calibrated" not in report.scores:
        return None
    raw = report.scores[kind]["log_loss"]
    calibrated = report.scores[f"{kind}, calibrated"]["log_loss"]
    if calibrated > raw * (1.0 + CALIBRATION_GAIN):
        return (
            f"Leave the calibration out (calibration=None): it raises the log-loss from {raw:.4f} "
            f"to {calibrated:.4f}."
        )
    if calibrated < raw * (1.0 - CALIBRATION_GAIN):
        return f"Keep the calibration: it lowers the log-loss from {raw:.4f} to {calibrated:.4f}."
    return None


def _biased(report: TeacherFacts) -> str | None:
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


def _useless_classes(report: TeacherFacts) -> str | None:
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


def _rare_classes(report: TeacherFacts) -> str | None:
    rare = [
        f"{k} ({row['n_rows']:.0f})" for k, row in report.by_class.items() if row["n_rows"] < RARE
    ]
    if not rare:
        return None
    return f"Trust no figure of the classes with few rows: {', '.join(rare)}."


def _unequal_folds(report: TeacherFacts) -> str | None:
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


RULES: tuple[Callable[[TeacherFacts], str | None], ...] = (
    _looks_in_sample,
    _no_better_than_frequencies,
    _no_lead,
    _memorises,
    _of_unknown_origin,
    _leaks_through_duplicates,
    _biased,
    _calibration,
    _useless_classes,
    _unequal_folds,
    _rare_classes,
    _conflicting,
)
