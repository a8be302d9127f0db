"""The page of `benchmarks.suite`: what its rows say in three sentences, tables and pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.figures import bars, critical_difference, ranges
from benchmarks.methods import Facts
from benchmarks.ratios import FLOOR, HARM, geometric_mean
from benchmarks.results import Page
from benchmarks.suite_commands import grid
from benchmarks.suite_peers import Peer, ahead_by_rank, overview, peers_of, tests_against
from benchmarks.suite_tables import (
    ALPHA,
    by,
    cliques,
    lead_kept,
    mean_ranks,
    nemenyi_distance,
    paired,
    ratios,
    sizes,
    summary,
    times,
)

__all__ = ["Known", "in_three_sentences", "write_page"]

COLUMNS = """\
A cell is a data set, a split of its rows, a teacher and a student. Every figure is test log-loss
(probabilities below {FLOOR} count as {FLOOR}) over that of the same student trained on the labels
alone ({over}), so less than 1 is a gain. The columns: the geometric mean over cells; the *worst*
cell; the share of cells of *at most {HARM}*, in which nobody is harmed; cells *won / tied / lost*
(beyond a relative .002); *p*, the two-sided Wilcoxon signed-rank test of the logarithms, one
value per data set (its cells averaged, as seeds, teachers and students of one set are not
independent; none with fewer than six sets; not corrected for the number of methods); the *mean
rank* by log-loss, 1 the best, within each cell that all methods were measured in, averaged per set,
then over sets; the *lead kept*, (direct - method) / (direct - teacher) in log-loss, with the same
direct student, the median over cells in which the teacher leads it by more than 2%; *seconds*, the
median wall-clock time of a fit once the teacher has labelled the rows. Other work ran on the same
cores: of the seconds, only the order of magnitude counts."""
SIZE = """\
*Size*: the bytes of the fitted student as it is shipped (pickled, without what distilled it) over
the direct one's, the geometric mean over the {count} cells in which both are known."""
SEEN = """\
Two things were settled with an eye on trial runs on seed 0 of these sets: that the verdict's
interval is widened for other training sets, and that smoothing leaves the direct student out. The
other seeds split the rows anew. The default's rule was looked at on other splits of these sets
(``python -m benchmarks.strength``)."""
OPPONENTS = """\
A library's defaults are a weak opponent. *Direct, tuned*: the settings that ``settings="auto"``
tries (`skdistill.choosing.tuning`), chosen on the same folds. *Calibrated*: one temperature, fitted
on out-of-fold probabilities. *Shrunk*: hierarchical shrinkage of the nodes (Agarwal and others,
ICML 2022), its strength chosen on the same folds. *Default, tuned*: our defaults with the settings
that the direct student was tuned to. *Honest, calibrated*: the honest choice among the student's
own settings, all candidates of both sides at temperatures of their own. *Honest, tuned and
calibrated*: what the search over both sides chose (``settings="auto"``,
``student_calibration="temperature"``). *Synthetic*: candidates that learned from synthetic rows as
well (``synthetics="auto"``: trees and forests alone). All keep the student's number of trees and
bound on leaves."""
ASKED = {
    "honest, tuned and calibrated": "The honest choice, both sides tuned and calibrated",
    "default, tuned": "The defaults with the settings of the tuned direct student",
    "honest": "The honest choice (`DistilledClassifierCV`)",
    "default": "The defaults (`DistilledClassifier`)",
}
PAIRED = "Against each other: the first method's log-loss over the second's"
OPPONENT = "direct, tuned and calibrated"
LIBRARY = "Over the direct student with its library's settings"
PACKAGES = "Other packages, each on the cells that it was measured in"
SMALL = "forest of 10"


@dataclass(frozen=True)
class Known:
    """What the rows do not say themselves.

    Attributes
    ----------
    students : sequence of str
        Those of the main tables; others are groups of a package.
    teachers : mapping of str to (str, str)
        What the page calls each teacher, and what it is; all that could be measured.
    peers : mapping of str to Facts
        The methods that are other packages.
    two_classes : sequence of str
        The data sets of two classes.
    opponents : sequence of str
        Direct students at their best, and ours beside them. Where they were measured, the first
        tables are over the best of them, of these cells alone.
    """

    students: Sequence[str]
    teachers: Mapping[str, tuple[str, str]]
    peers: Mapping[str, Facts]
    two_classes: Sequence[str]
    opponents: Sequence[str] = ()


def in_three_sentences(ratio: pd.DataFrame, over: str, peers: Sequence[Peer]) -> str:
    """Return what the rows say: the honest choice, the defaults, and other packages."""
    said = [
        f"{called}: {geometric_mean(ratio[method].dropna()):.3f} of the log-loss of the same "
        f"student trained by the labels alone ({over}; geometric mean), "
        f"{ratio[method].max():.3f} in the worst cell, nobody harmed (at most {HARM}) in "
        f"{(ratio[method].dropna() <= HARM).mean():.1%} of {ratio[method].count()} cells."
        for method, called in ASKED.items()
        if method in ratio
    ]
    return " ".join([*said, ahead_by_rank(peers)]).strip()


def measured_cells(frame: pd.DataFrame, known: Known) -> str:
    """Return which teachers teach in how many cells, and what has not been measured."""
    cells = frame[frame["method"] == "direct"].groupby("teacher").size()
    named = [
        f"*{name}*, {what}: {cells[key]} cells"
        for key, (name, what) in known.teachers.items()
        if key in cells
    ]
    done, possible = grid(frame)
    said = [f"Teachers: {'; '.join(named)}."]
    if done < possible:
        said.append(
            f"Of the {possible} cells that these sets, seeds, teachers and students make, {done} "
            "have been measured; the commands below measure these."
        )
    absent = [name for key, (name, _) in known.teachers.items() if key not in cells]
    if absent:
        said.append(f"Not shown, as not measured or not asked for: {', '.join(absent)}.")
    return " ".join(said)


def figures(
    ratio: pd.DataFrame, seconds: pd.Series, folder: Path, over: str
) -> Iterator[tuple[str, str]]:
    """Draw the figures; yield the file and the sentence of each."""
    cells = f"the {len(ratio)} cells of the table above"
    students = ratio.drop(columns=[over, "teacher"], errors="ignore").dropna(axis=1, how="all")
    spread = pd.DataFrame(
        {"geometric mean": students.apply(geometric_mean), "worst cell": students.max()}
    ).sort_values("geometric mean")
    label = f"test log-loss over the student's: {over}"
    sentence = f"Geometric mean over {cells}, and the worst cell."
    yield ranges(folder, "suite_ratio", spread, label, 1.0), sentence
    ranks, n_sets = mean_ranks(ratio)
    if len(ranks) > 1:  # there are cells that all were measured in
        distance = nemenyi_distance(len(ranks), n_sets)
        sentence = (
            f"Mean ranks as in the table above, over {n_sets} data sets (best on the left); a "
            f"thick line joins methods that the Nemenyi test at {ALPHA} does not tell apart. Other "
            "packages were measured in fewer cells and are not in it: their mean ranks stand in "
            "tables of their own."
        )
        groups = cliques(ranks, distance)
        yield critical_difference(folder, "suite_ranks", ranks, distance, groups), sentence
    kept = lead_kept(ratio, over).dropna(axis=1, how="all")
    if len(kept):
        quartiles = kept.quantile([0.5, 0.25]).T.set_axis(["median", "lower quartile"], axis=1)
        quartiles = quartiles.sort_values("median", ascending=False)
        label = "share of the teacher's lead that the student keeps"
        sentence = f"The {len(kept)} of {cells} in which the teacher leads by more than 2%."
        yield ranges(folder, "suite_lead", quartiles, label, 0.0), sentence
    label = "seconds to fit, median (logarithmic)"
    sentence = (
        f"Time to fit once the teacher has labelled the rows, over {cells}; the two honest lines "
        "are one fit."
    )
    yield bars(folder, "suite_time", seconds.sort_values(), label, log=True), sentence


def own_tables(
    ratio: pd.DataFrame, size: pd.DataFrame, known: Known, over: str
) -> list[tuple[str, pd.DataFrame]]:
    """Return further tables of our cells with their headings."""
    names = {key: name for key, (name, _) in known.teachers.items()}
    tables = [
        ("By student: geometric mean / worst", by(ratio, "student", over)),
        ("By data set: geometric mean / worst", by(ratio, "data", over)),
        ("By teacher: geometric mean / worst", by(ratio, "teacher", over).rename(columns=names)),
    ]
    if len(size):
        tables.append(("Size, by student: geometric mean / largest", by(size, "student")))
    small = ratio.index.get_level_values("student") == SMALL
    if small.any() and not small.all():
        big = size[size.index.get_level_values("student") != SMALL]
        without = summary(ratio[~small], size=big, over=over).drop(columns="seconds")
        tables.append((f"Without the {SMALL}, which gains most", without))
    return tables


def paired_table(ratio: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """Return the tests of the honest choice and the defaults against the other methods."""
    mains = ("honest", "default")
    others = {ours: [m for m in ratio if m not in ("direct", "teacher", ours)] for ours in mains}
    others["default"] = [m for m in others["default"] if not m.startswith("honest")]
    tables = [paired(ratio, ours, others[ours]) for ours in mains if ours in ratio]
    tables += tests_against(peers)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def write_page(
    frame: pd.DataFrame,
    folder: Path,
    command: str,
    measuring: Sequence[str],
    known: Known,
    measured: tuple[str, str] | None = None,
) -> None:
    """Print the main table, write the page and its figures.

    Parameters
    ----------
    frame : DataFrame
        The raw table.
    folder : Path
        Where to.
    command : str
        The one that made the page.
    measuring : sequence of str
        The commands that measured its rows.
    known : Known
        What the rows do not say.
    measured : (str, str), optional
        First and last day.
    """
    ours = frame[frame["student"].isin(known.students) & ~frame["method"].isin(known.peers)]
    ours = ours if len(ours) else frame
    weaker = frame[~frame["method"].isin(known.opponents)]
    everything = ratios(weaker).dropna(axis=1, how="all")
    peers = peers_of(everything, weaker, known.peers, known.two_classes)
    over = OPPONENT if OPPONENT in set(ours["method"]) else "direct"
    ratio, seconds, size = ratios(ours, over).dropna(axis=1, how="all"), times(ours), sizes(ours)
    table = summary(ratio, seconds, size, over)
    print(table.to_string(index=False))
    others, texts = _sections(ours, over, size, peers, known)
    columns = COLUMNS.format(FLOOR=FLOOR, HARM=HARM, over=over)
    sized = SIZE.format(count=len(size)) if len(size) else ""
    stronger = OPPONENTS if over == OPPONENT else ""
    said = in_three_sentences(ratio, over, peers)
    about = (said, measured_cells(ours, known), stronger, columns, sized, SEEN)
    listed = "\n".join(f"- ``{each}``" for each in measuring)
    page = Page(
        name="suite",
        title="Honest choice, defaults and what stands beside them",
        command=command,
        about=tuple(paragraph for paragraph in about if paragraph),
        notes=(f"The rows were measured by\n\n{listed}",),
        figures=tuple(figures(ratio, seconds, folder, over)),
        measured=measured,
        texts=texts,
    )
    page.write(folder, table, *others)


def _sections(
    ours: pd.DataFrame, over: str, size: pd.DataFrame, peers: Sequence[Peer], known: Known
) -> tuple[list[tuple[str, pd.DataFrame]], dict[str, str]]:
    """Return the further tables with their headings, and the paragraphs above them."""
    ratio = ratios(ours, over).dropna(axis=1, how="all")
    tables, texts = [], {}
    if over != "direct":
        library = ratios(ours).dropna(axis=1, how="all")
        whole = summary(library).drop(columns="seconds")
        tables += [(LIBRARY, whole), (f"{LIBRARY}, by student", by(library, "student"))]
    compared = paired_table(ratio, peers)
    if len(compared):
        tables.append((PAIRED, compared))
        texts[PAIRED] = (
            "Over the cells that both were measured in; less than 1: the first is better. *p* is "
            "the Wilcoxon test as above, over data sets; with fewer than six there is none."
        )
    if peers:
        tables.append((PACKAGES, overview(peers)))
        texts[PACKAGES] = (
            "Geometric mean over the direct student's with its library's settings, mean rank among "
            "all methods of the package's table, median seconds: of the honest choice, the "
            "defaults and the package. What its seconds contain stands above its own table, as do "
            "its teacher and students."
        )
    tables += own_tables(ratio, size, known, over)
    for peer in peers:
        own = peer.tables()
        texts[own[0][0]] = peer.text()
        tables += own
    return tables, texts
