"""What reports answer first: is the teacher worth it, does the student keep it, what is next."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from skdistill._ground.estimates import Estimate, margin, outcome
from skdistill._ground.html import escape, paragraph
from skdistill.inspection._display import data_frame
from skdistill.inspection._facts import GainFacts, TeacherFacts
from skdistill.inspection._page import interval_note, section, sentences, value_table
from skdistill.inspection._words import Words
from skdistill.inspection.slices import Slices

__all__ = [
    "answers_of_gain",
    "answers_of_teacher",
    "as_html",
    "next_steps",
    "slice_frame",
    "slice_lines",
    "slice_section",
]

WORTH = "Is the teacher worth it?"
KEPT = "Does the student keep it?"
ROWS = "Which rows lose most?"
NEXT = "What to do next"


def answers_of_teacher(facts: TeacherFacts) -> dict[str, str]:
    """Return the questions that a passport answers first, and the answers."""
    return {WORTH: _worth(facts), ROWS: _rows(facts.slices, facts.words)}


def _worth(facts: TeacherFacts) -> str:
    words = facts.words
    kinds = ("out of fold, calibrated", "given, calibrated", "calibrated on these rows")
    kind = next(kind for kind in (*kinds, "out of fold", "given") if kind in facts.scores)
    own, base = (facts.scores[name][words.headline] for name in (kind, words.constant))
    known = f"its {words.loss} is {own:.4f}, that of the {words.constant} alone {base:.4f}"
    if not own < base:
        return f"No: {known}."
    if facts.lead is None:
        return (
            f"It has learnt something: {known}. Whether it leads a student trained directly, "
            "strength='auto' measures, and DistillationReport on rows held out."
        )
    start = "It leads" if facts.lead > 0.0 else "Hardly"
    if facts.given:
        start = f"{start}, if it had not seen these rows"
    where = "below" if facts.lead > 0.0 else "above"
    return (
        f"{start}: its {words.lead} is {abs(facts.lead):.4f} {where} that of the student trained "
        f"directly; {known}."
    )


def _rows(slices: Slices | None, words: Words) -> str:
    """Return where most is lost, or that nowhere is shown to lose more."""
    if slices is None:
        return "Not known: it takes features of 100 rows, or of 4 groups, to look for slices."
    worst = slices.worst
    if worst is None:
        return (
            f"No part of the rows is shown to lose more than the others ({slices.n_judged_on:,} "
            f"rows judged)."
        )
    return (
        f"Those of {worst.where}: {worst.share:.0%} of the rows have {worst.share_of_loss:.0%} of "
        f"the loss; their {words.loss} is {worst.loss.mean:.4f}, that of all {slices.loss:.4f}."
    )


def answers_of_gain(report: GainFacts, helped: str) -> dict[str, str]:
    """Return the questions that a distillation report answers first, and the answers.

    Parameters
    ----------
    report : GainFacts
        The facts.
    helped : str
        Whether distilling helped, in words.

    Returns
    -------
    answers : dict of str to str
    """
    return {
        WORTH: _leads(report),
        KEPT: _keeps(report),
        "Did distilling help?": helped,
        ROWS: _rows(report.slices, report.words),
    }


def _told(gap: Estimate, half: float, report: GainFacts) -> str:
    """Return a difference of losses from below, with its interval."""
    where = "below" if gap.mean < 0.0 else "above"
    note = interval_note(gap.mean - half, gap.mean + half, report.unit)
    return f"{abs(gap.mean):.4f} {where} that of {{}} ({note})"


def _found(gap: Estimate, report: GainFacts) -> tuple[str, float]:
    half = margin(gap, report.n_units)
    return outcome(gap.mean, half), half


def _leads(report: GainFacts) -> str:
    """Return whether the teacher leads the student trained on the labels."""
    if report.lead is None:
        return (
            "Not known: pass teacher= and the training rows (X_train, y_train), and the teacher is "
            "held against the student trained on the labels."
        )
    found, half = _found(report.lead, report)
    start = {"helped": "Yes", "harmed": "No", "not shown to help": "Not shown"}[found]
    told = _told(report.lead, half, report).format("the student trained on the labels")
    return f"{start}: its {report.words.loss} is {_loss(report, 'teacher'):.4f}, {told}."


def _keeps(report: GainFacts) -> str:
    """Return what the distilled student keeps of the teacher's lead, or how far it is behind."""
    if report.behind is None:
        return "Not known: pass teacher= to hold the student against it."
    found, half = _found(report.behind, report)
    told = _told(report.behind, half, report).format("the teacher")
    line = f"its {report.words.loss} is {_loss(report, 'distilled'):.4f}, {told}"
    if report.lead is not None and _found(report.lead, report)[0] == "helped":
        share = 1.0 - report.behind.mean / -report.lead.mean
        if 0.0 < share < 1.0:
            return f"In part, {share:.0%} of the teacher's lead: {line}."
        return f"{'Yes' if share >= 1.0 else 'No, nothing of its lead'}: {line}."
    return f"{'No' if found == 'harmed' else 'It is not shown to be behind'}: {line}."


def _loss(report: GainFacts, name: str) -> float:
    return float(report.models[name].scores[report.words.headline])


def next_steps(report: GainFacts) -> tuple[str, ...]:
    """Return what to do after a distillation report, the first thing first."""
    return tuple(text for text in (rule(report) for rule in STEPS) if text is not None)


def _ship(report: GainFacts) -> str | None:
    if report.gain is None:
        return (
            "Pass X_train and y_train: without the student trained on the labels nobody can tell "
            "what distilling did."
        )
    if not report.distilled:
        return "Ship the student as it is: it is the one trained on the labels."
    found, half = _found(report.gain, report)
    if found == "helped":
        return "Ship the distilled student; skdistill.export takes it out of Python."
    if found == "harmed":
        return (
            "Ship the student trained on the labels. A search (fallback='not shown') would have "
            "kept it by itself."
        )
    more = (half / abs(report.gain.mean)) ** 2 if report.gain.mean else float("inf")
    few = f"; about {more:,.0f} times as many would show this difference" if more < 100.0 else ""
    return (
        "Ship whichever of the two is smaller or easier to explain, or judge them on more rows "
        f"than these {report.n_rows:,}{few}."
    )


def _try(report: GainFacts) -> str | None:
    if report.lead is None or report.behind is None:
        return None
    if _found(report.lead, report)[0] != "helped":
        return (
            "Look for a better teacher before any setting of the student: this one is not shown to "
            "lead the student."
        )
    if _found(report.behind, report)[0] == "harmed":
        return (
            "See what a larger student would buy: skdistill.inspection.frontier weighs the loss of "
            "several against their size and latency."
        )
    return None


def _look(report: GainFacts) -> str | None:
    worst = None if report.slices is None else report.slices.worst
    if worst is None:
        return None
    if "teacher" in worst.losses:
        gap = worst.losses["distilled"] - worst.losses["teacher"]
        mean = 0.0 if report.behind is None else report.behind.mean
        if gap > 2.0 * max(mean, 0.0) and gap > 0.0:
            return (
                f"Look at the rows of {worst.where}: there the teacher has "
                f"{worst.losses['teacher']:.4f} and the student {worst.losses['distilled']:.4f}, "
                "which a larger student may close."
            )
    return (
        f"Look at the rows of {worst.where}: is a feature missing that tells them apart, or are "
        "their labels noisy? More rows of this kind help teacher and student alike."
    )


STEPS: tuple[Callable[[GainFacts], str | None], ...] = (_ship, _try, _look)


def as_html(answers: Mapping[str, str], steps: Sequence[str]) -> str:
    """Return the answers and what to do next as the first part of a page."""
    lines = "\n".join(
        f"<dt>{escape(question)}</dt>\n<dd>{escape(answer)}</dd>"
        for question, answer in answers.items()
    )
    heading = f"<h2>{escape(NEXT)}</h2>"
    return f'<dl class="answers">\n{lines}\n</dl>\n{heading}\n{sentences(steps)}'


def as_lines(answers: Mapping[str, str]) -> list[str]:
    """Return the questions with their answers as lines of text."""
    return [f"{question} {answer}" for question, answer in answers.items()]


def slice_section(slices: Slices, words: Words) -> str:
    """Return the slices as a part of a page, a line each."""
    lines: dict[str, dict[str, Any]] = {}
    for each in slices.slices:
        line: dict[str, Any] = {"rows": each.n_rows, "of the rows": f"{each.share:.0%}"}
        line |= {"of the loss": f"{each.share_of_loss:.0%}", **each.losses}
        line["above the rest"] = "shown" if each.shown else "not shown"
        lines[each.where] = line
    note = (
        f"Mean {words.loss} by model. The slices were found by a small tree on "
        f"{slices.n_found_on:,} rows; what stands here is of {slices.n_judged_on:,} others, whose "
        f"mean is {slices.loss:.4f}."
    )
    table = value_table("rows of", lines, list(next(iter(lines.values()))))
    return section("Rows that lose most", table, paragraph(note))


def slice_lines(slices: Slices | None) -> list[dict[str, Any]]:
    """Return the slices as plain values."""
    return [] if slices is None else [each.to_dict() for each in slices.slices]


def slice_frame(slices: Slices | None) -> Any:
    """Return the slices as a data frame, indexed by their words."""
    lines = slice_lines(slices)
    columns = dict.fromkeys(name for line in lines for name in line)
    frame = data_frame({name: [line[name] for line in lines] for name in columns})
    return frame.set_index("where") if lines else frame
