"""The verdict as a record: whether distilling helped each kind of student, in words and a table."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Literal

from skdistill._ground.html import paragraph, size_text, table, time_text
from skdistill.choosing.scoring import MINUS

__all__ = ["StudentVerdict", "Verdict"]

OUTCOMES = {
    "helps": "Distilling helps",
    "not shown to help": "Distilling is not shown to help",
    "harms": "Distilling harms",
}
SIDES = ("direct", "distilled")
SAID = {"direct": "trained directly", "distilled": "distilled"}
LACKING = {
    "not tried": "was not tried (max_time)",
    "no score": "has no {loss} on some fold",
    "over budget": "is beyond the budget",
}
COLUMNS = ("direct", "distilled", "difference", "interval", "size", "time of 1,000 rows", "")


@dataclass(frozen=True)
class StudentVerdict:
    """One kind of student, with its grid: distilled against direct, on rows not chosen on.

    For each validation fold both sides are chosen by the scores of the other folds, and their
    losses on this fold are compared row by row: the luck of the best of many candidates is not
    counted.

    Attributes
    ----------
    student : str
        Name of the kind: an entry of `students`.
    outcome : {"helps", "not shown to help", "harms"}
        "helps" where the interval lies below zero, "harms" where it lies above.
    difference : float
        Loss of the distilled student less that of the direct one; NaN where one of the two could
        not be scored.
    error : float
        Its standard error.
    interval : tuple of float
        Its confidence interval.
    distilled, direct : float
        The two losses; NaN of a side that `lacking` names.
    ruled_out : mapping of str to float
        With "neg_log_loss", the share of rows to whose class "distilled" and "direct" gave no
        chance at all, as trees may: each counts 36 nats, and few of them decide. Empty otherwise.
    n_rows : int
        Rows compared (folds where the scoring has no loss per row).
    size, seconds : mapping of str to float
        Bytes of the pickled "direct" and "distilled" student that all folds choose, and its seconds
        to predict 1,000 rows.
    against : mapping of str to mapping
        The other headline scores ("log-loss", "accuracy", "AUC", "Brier score") that move the other
        way, their interval clear of zero: "distilled" and "direct".
    fell_back : bool
        Whether `fallback` ruled the distilled side out.
    lacking : mapping of str to str
        Why "distilled" or "direct" could not be compared: "not tried" (no time), "no score" on some
        fold, or "over budget". Empty where both could.
    """

    student: str
    outcome: str
    difference: float
    error: float
    interval: tuple[float, float]
    distilled: float
    direct: float
    ruled_out: Mapping[str, float]
    n_rows: int
    size: Mapping[str, float]
    seconds: Mapping[str, float]
    against: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    fell_back: bool = False
    lacking: Mapping[str, str] = field(default_factory=dict)

    def falls_back(self, fallback: str | Literal[False]) -> bool:
        """Whether a policy of `DistilledClassifierCV` leaves the direct students only."""
        if fallback == "not shown":
            return self.outcome != "helps"
        if fallback == "doubtful":
            return not self.difference < -self.error
        return fallback == "harms" and not self.difference <= 0.0

    @property
    def doubt(self) -> str:
        """What may be said where nothing is shown, in words; else empty."""
        if self.outcome != "not shown to help":
            return ""
        if abs(self.difference) > self.error:
            side = "gain" if self.difference < 0.0 else "loss"
            return f"a {side} is likelier, but not sure"
        return "too close to tell"


@dataclass(frozen=True)
class Verdict:
    """Whether distilling helped the kind of student that was chosen; the others stand beside it.

    Both sides are of one kind (an entry of `students`, with its grid), and neither was chosen on
    the rows it is compared on (`StudentVerdict`).

    The interval is an approximation. It is about students of other training sets as well: rows
    (groups of rows where `groups` were given) and folds both say how much the mean of a fold
    varies, their word is pooled, and what folds share widens it by the factor of Nadeau and Bengio
    (2003), 2.25 on the variance for five folds (`cross_validated_mean`). Where the scoring has no
    values per row, folds alone are compared.

    Attributes
    ----------
    student : str
        Name of the kind that was chosen.
    by_student : mapping of str to StudentVerdict
        Every kind.
    fitted : {"distilled", "direct"}
        Which side of it `student_` is.
    level : float
        Confidence of the intervals.
    loss : str
        What is compared; lower is better.
    teacher : mapping of str to float
        The teacher's own on the same rows, out of fold: "raw", and "calibrated" by a sigmoid that
        was fitted on the other folds, with the standard "error" of the latter.
    constant : mapping of str to float
        What reads no column has on the same rows (the class shares, or the best constant, of the
        other folds): its "loss", and the "error" of that; the "difference" that the chosen student
        loses more, and the "margin" of its interval. Empty where the scoring has none.
    budget : mapping of str to float
        What the limits cost: the loss "within" them and "without" any, each of students chosen by
        the other folds. Empty without a budget.
    n_teacher_fits, n_student_fits : int
        What it cost; teachers found in `memory` are counted too.
    untried : mapping of str to int
        Candidates that `max_time` left untried, by kind of student; empty where there are none.
    n_dropped : int
        Candidates that `racing` dropped before the last fold.
    outcome, difference, error, interval, distilled, direct, ruled_out, n_rows, against, fell_back
        Of the kind that was chosen, as in `StudentVerdict`.
    """

    student: str
    by_student: Mapping[str, StudentVerdict]
    fitted: str
    level: float
    loss: str
    teacher: Mapping[str, float]
    n_teacher_fits: int
    n_student_fits: int
    constant: Mapping[str, float] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    untried: Mapping[str, int] = field(default_factory=dict)
    n_dropped: int = 0

    @property
    def chosen(self) -> StudentVerdict:
        """The kind that was chosen."""
        return self.by_student[self.student]

    @property
    def outcome(self) -> str:
        """Whether distilling "helps", "harms", or is "not shown to help"."""
        return self.chosen.outcome

    @property
    def difference(self) -> float:
        """Loss of the distilled student less that of the direct one."""
        return self.chosen.difference

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of the difference."""
        return self.chosen.interval

    @property
    def distilled(self) -> float:
        """Loss of the distilled student."""
        return self.chosen.distilled

    @property
    def direct(self) -> float:
        """Loss of the direct student."""
        return self.chosen.direct

    @property
    def ruled_out(self) -> Mapping[str, float]:
        """Shares of rows to whose class a student gave no chance."""
        return self.chosen.ruled_out

    @property
    def n_rows(self) -> int:
        """Rows compared."""
        return self.chosen.n_rows

    @property
    def error(self) -> float:
        """Standard error of the difference."""
        return self.chosen.error

    @property
    def against(self) -> Mapping[str, Mapping[str, float]]:
        """Headline scores that move the other way."""
        return self.chosen.against

    @property
    def fell_back(self) -> bool:
        """Whether `fallback` ruled the distilled side out."""
        return self.chosen.fell_back

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        found = self.chosen
        fitted = "distilled" if self.fitted == "distilled" else "trained directly"
        return (
            f"{self._compared}; {self._taught}; {self.n_teacher_fits} teachers"
            f"{_caution(found)}{_against(found)}. The student that was fitted is {fitted}."
            f"{self._price}{self._left}"
        )

    @property
    def _compared(self) -> str:
        """What came of the comparison, in words."""
        found, shown = self.chosen, _shown(self.chosen, self._sign)
        of = f" ({self.student})" if len(self.by_student) > 1 else ""
        loss = self.loss.removeprefix(MINUS)
        if found.lacking:
            return f"Whether distilling helps{of} is not known: {self._unequal(shown)}"
        doubt = f": {found.doubt}" if found.doubt else ""
        return (
            f"{OUTCOMES[found.outcome]}{of}: {loss} "
            f"{shown['distilled']:.4g} against {shown['direct']:.4g} of the same student "
            f"trained directly (difference {shown['difference']:+.3g}, {self.level:.0%} "
            f"interval {shown['low']:+.3g} to {shown['high']:+.3g}{doubt})"
        )

    @property
    def _taught(self) -> str:
        """What the teacher loses, in words, and whether its student loses less."""
        loss = self.teacher["calibrated"]
        behind = getattr(self.chosen, self.fitted) < loss  # a side that is not known is NaN
        said = ", behind the student that was fitted" if behind else ""
        return f"the teacher has {self._sign * loss:.4g}{said}"

    def _unequal(self, shown: Mapping[str, float]) -> str:
        """Return in words what a comparison lacks, and what is known of the other side."""
        loss = self.loss.removeprefix(MINUS)
        parts = [
            f"{SAID[side]} it {LACKING[self.chosen.lacking[side]].format(loss=loss)}"
            if side in self.chosen.lacking
            else f"{SAID[side]} its {loss} is {shown[side]:.4g}"
            for side in reversed(SIDES)
        ]
        return ", ".join(parts)

    @property
    def _price(self) -> str:
        """What the budget costs, in words; empty without one, and where it costs nothing.

        As the other folds choose, a limit may lose less than none: that is luck, and not said.
        """
        if not self.budget or self.budget["within"] <= self.budget["without"]:
            return ""
        within, without = (f"{self._sign * self.budget[s]:.4g}" for s in ("within", "without"))
        if within == without:
            return ""
        return f" Within the budget: {within}; without a limit {without}."

    @property
    def _left(self) -> str:
        """What there was no time for, in words; empty if nothing."""
        if not self.untried:
            return ""
        kinds = ", ".join(f"{name} {count}" for name, count in self.untried.items())
        return f" Left untried for lack of time: {kinds} candidates."

    def frame(self) -> Any:
        """Return the printed table: a row per kind of student.

        As in print, a `loss` that is "minus" a score is shown as that score: ``difference`` and its
        interval have its sign, so that a gain lies above zero.

        Returns
        -------
        frame : pandas.DataFrame
            Columns ``outcome, direct, distilled, difference, low, high, error`` (of the difference:
            distilled less direct, its interval and its standard error), ``direct_bytes,
            distilled_bytes, direct_seconds, distilled_seconds`` (of 1,000 rows), ``fell_back`` and
            ``chosen``.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError(
                'frame() needs pandas: pip install "skdistill[plot]"; to_dict() does without.'
            ) from error
        lines = {
            name: {
                "outcome": kind.outcome,
                **_shown(kind, self._sign),
                "error": kind.error,
                **{f"{side}_bytes": kind.size[side] for side in SIDES},
                **{f"{side}_seconds": kind.seconds[side] for side in SIDES},
                "fell_back": kind.fell_back,
                "chosen": name == self.student,
            }
            for name, kind in self.by_student.items()
        }
        frame = DataFrame.from_dict(lines, orient="index").infer_objects()
        return frame.rename_axis(index="student")

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, ready for JSON; the chosen kind's at the top."""
        return asdict(self.chosen) | asdict(self)

    def __str__(self) -> str:
        if len(self.by_student) == 1:
            return self.sentence
        cells = [("student", *COLUMNS), *self._cells()]
        width = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = (
            "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(pairs))
            for pairs in (list(zip(row, width, strict=True)) for row in cells)
        )
        return "\n".join([self.sentence, "", *map(str.rstrip, lines)])

    def _repr_html_(self) -> str:
        return paragraph(self.sentence) + table(("student", *COLUMNS), self._cells())

    @property
    def _sign(self) -> float:
        return -1.0 if self.loss.startswith(MINUS) else 1.0  # a scorer's score is shown itself

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (name, *_cells(kind, self._sign), "chosen" if name == self.student else "")
            for name, kind in self.by_student.items()
        ]


def _shown(kind: StudentVerdict, sign: float) -> dict[str, float]:
    """Return a kind's figures with the sign by which they are shown."""
    low, high = sorted(sign * end for end in kind.interval)
    sides = {side: sign * getattr(kind, side) for side in SIDES}
    return sides | {"difference": sign * kind.difference, "low": low, "high": high}


def _cells(kind: StudentVerdict, sign: float) -> tuple[str, ...]:
    """Return a kind's line of the printed table: direct, then distilled, as in its header."""
    shown = _shown(kind, sign)
    sizes = [_known(size_text, kind.size[side]) for side in SIDES]
    times = [_known(time_text, kind.seconds[side]) for side in SIDES]
    compared = f"{shown['difference']:+.3g}", f"{shown['low']:+.3g} to {shown['high']:+.3g}"
    return (
        *(kind.lacking.get(side, f"{shown[side]:.4g}") for side in SIDES),
        *(("", "") if kind.lacking else compared),
        " / ".join(sizes),
        " / ".join(times),
    )


def _known(text: Callable[[float], str], value: float) -> str:
    return text(value) if isfinite(value) else "not known"


def _against(found: StudentVerdict) -> str:
    """Return words on the scores that move the other way, if there are any."""
    parts = [
        f"{name} is {sides['distilled']:.4g} against {sides['direct']:.4g}"
        for name, sides in found.against.items()
    ]
    return f"; but its {' and its '.join(parts)}" if parts else ""


def _caution(found: StudentVerdict) -> str:
    """Return words on the rows that decide a log-loss alone, if there are any."""
    if not any(found.ruled_out.values()):
        return ""
    shares = [f"{share:.1%} ({side})" for side, share in found.ruled_out.items()]
    return (
        f"; to the class of {' and '.join(shares)} of the rows a student gave no chance, which "
        "counts 36 nats each: see also what scoring=None says"
    )
