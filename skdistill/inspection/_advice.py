"""What a teacher's figures recommend: one rule a function, a sentence or None."""

from collections.abc import Callable

import numpy as np

from skdistill.estimators.base import DUPLICATE_SHARE
from skdistill.inspection._facts import TeacherFacts

__all__ = ["advise"]

CALIBRATION_GAIN = 0.02  # share of the log-loss from which a calibration is worth a sentence
LABEL_R2 = 0.5  # share of the labels' variance from which a perfect teacher may be honest
SLOPE = 0.2  # distance of the slope of calibration from 1 that is worth a sentence
RARE = 20  # rows of a class below which its figures say little
ROWS_PER_CLASS = 100  # on average, from which a small model is asked what the features say
SPREAD = 1.5  # worst fold's Brier score over the mean from which folds are called unequal


def advise(report: TeacherFacts) -> tuple[str, ...]:
    """Return the sentences of all rules that have something to say, the gravest first."""
    rules = RULES[report.words.part]
    found = tuple(text for text in (rule(report) for rule in rules) if text is not None)
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
        "Whether this teacher had seen the labels of these rows is not known: its "
        f"{report.words.said} were given, or it was frozen. If it had, every figure here is too "
        "good, and a student learns what it remembers: be sure that no row was among those it was "
        "fitted on, or have it cross-fitted (teacher=)."
    )


def _looks_in_sample_numbers(report: TeacherFacts) -> str | None:
    """Suspect given predictions that are exact where the features say little."""
    if report.label_r2 is None or report.label_r2 >= LABEL_R2:
        return None
    if report.n_rows < ROWS_PER_CLASS or not report.scores["given"]["r2"] >= 1.0 - 1e-9:
        return None
    return (
        "Do not distil these predictions before you know that their teacher had not seen these "
        f"rows: they are what was observed in all {report.n_rows:,} rows, and a small model of the "
        f"features, on rows held out from it, explains {max(report.label_r2, 0.0):.0%} of the "
        "variance. Predictions of the rows that a teacher was fitted on look like this."
    )


def _no_better_than_frequencies(report: TeacherFacts) -> str | None:
    words, kind = report.words, _kind(report)
    base = report.scores[words.constant][words.headline]
    # Calibrated on these rows it is flattered; but if that does not help it, nothing does.
    kinds = (f"{kind}, calibrated", "calibrated on these rows", kind)
    loss = next(report.scores[kind][words.headline] for kind in kinds if kind in report.scores)
    if loss < base:
        return None
    where = "" if report.given else " out of fold"
    return (
        f"Do not distil this teacher: its {words.loss}{where} is {loss:.4f}, that of the "
        f"{words.constant} alone {base:.4f}. It has learnt nothing of use."
    )


def _no_lead(report: TeacherFacts) -> str | None:
    if report.lead is None or report.lead > 0.0:
        return None
    return (
        f"Look for a better teacher: out of fold the student's {report.words.lead} is better than "
        f"this one's by {-report.lead:.4f}. All that it can do is steady a student that varies "
        "much."
    )


def _memorises(report: TeacherFacts) -> str | None:
    if report.memorisation is None:
        return None
    words = report.words
    seen, unseen = (report.scores[kind][words.headline] for kind in ("in-sample", _kind(report)))
    if unseen <= 1.1 * seen:
        return None
    return (
        f"Never distil this teacher's {words.said} of the rows it was fitted on: its {words.loss} "
        f"is {seen:.4f} there and {unseen:.4f} {'as given' if report.given else 'out of fold'}. It "
        "remembers their labels."
    )


def _leaks_through_duplicates(report: TeacherFacts) -> str | None:
    twins = report.duplicates
    if twins is None or not twins.in_other_fold > DUPLICATE_SHARE:
        return None
    return (
        f"Keep identical rows together: {twins.in_other_fold:.1%} of the rows have one in another "
        f"fold, so their {report.words.said} may have seen their label. Pass groups=, or weigh one "
        "row for all."
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
    words = report.words
    raw, calibrated = (
        report.scores[each][words.headline] for each in (kind, f"{kind}, calibrated")
    )
    if calibrated > raw * (1.0 + CALIBRATION_GAIN):
        return (
            f"Leave the calibration out (calibration=None): it raises the {words.loss} from "
            f"{raw:.4f} to {calibrated:.4f}."
        )
    if calibrated < raw * (1.0 - CALIBRATION_GAIN):
        return (
            f"Keep the calibration: it lowers the {words.loss} from {raw:.4f} to {calibrated:.4f}."
        )
    return None


def _uncalibrated(report: TeacherFacts) -> str | None:
    kind, level = _kind(report), report.words.level
    if level is not None or f"{kind}, calibrated" in report.scores:
        return None
    slope = report.scores[kind]["calibration_slope"]
    if not abs(slope - 1.0) > SLOPE:
        return None
    return (
        f"Calibrate this teacher (calibration='linear'): y moves by {slope:.2f} where its "
        "predictions move by 1."
    )


def _wrong_coverage(report: TeacherFacts) -> str | None:
    kind, level = _kind(report), report.words.level
    if level is None:
        return None
    found = report.scores.get(f"{kind}, calibrated", report.scores[kind])["coverage"]
    if not abs(found - level) > 3.0 * np.sqrt(level * (1.0 - level) / report.n_rows):
        return None
    return (
        f"Mind the coverage: {found:.1%} of the rows are at or below what it predicts for them, "
        f"and {level:.0%} should be."
    )


def _useless_outputs(report: TeacherFacts) -> str | None:
    poor = [str(output) for output, row in report.by_class.items() if not row["r2"] > 0.0]
    if not poor or len(poor) == len(report.by_class) or report.words.level is not None:
        return None
    return f"Mind the outputs that it tells no better than their mean does: {', '.join(poor)}."


def _biased(report: TeacherFacts) -> str | None:
    if report.residual is None:
        return None
    bound = report.residual.squared_error
    if bound.error is None or not bound.mean > 2.0 * bound.error:
        return None
    return (
        f"Keep the correction: the features explain {report.residual.r2:.1%} of this teacher's "
        f"residual, so its {report.words.error} is at least {bound.mean:.4f} (standard error "
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
    key = report.words.of_folds
    losses = {number: row[key] for number, row in report.by_fold.items()}
    worst, mean = max(losses, key=lambda number: losses[number]), np.mean(list(losses.values()))
    gap, error = losses[worst] - mean, report.by_fold[worst][f"{key}_error"]
    if not (losses[worst] > SPREAD * mean and gap > 3.0 * error):
        return None
    return (
        f"Look at fold {worst}: its {report.words.lead} is {losses[worst]:.4f}, the mean of the "
        f"folds {mean:.4f}. Are its rows of another kind, or ordered in time?"
    )


Rule = Callable[[TeacherFacts], str | None]
OF_CLASSES: tuple[Rule, ...] = (
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
OF_NUMBERS: tuple[Rule, ...] = (
    _looks_in_sample_numbers,
    _no_better_than_frequencies,
    _no_lead,
    _memorises,
    _of_unknown_origin,
    _leaks_through_duplicates,
    _biased,
    _calibration,
    _uncalibrated,
    _wrong_coverage,
    _useless_outputs,
    _unequal_folds,
)
RULES = {"class": OF_CLASSES, "output": OF_NUMBERS}
