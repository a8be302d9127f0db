"""Other packages on the page of `benchmarks.suite`: each on the cells that it was measured in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from benchmarks.methods import Facts
from benchmarks.ratios import geometric_mean
from benchmarks.suite_tables import CELL, by, mean_ranks, paired, summary, times

__all__ = ["OURS", "Peer", "ahead_by_rank", "overview", "peers_of", "tests_against"]

OURS = {"honest": "the honest choice is", "default": "the defaults are"}


@dataclass(frozen=True)
class Peer:
    """A package with the cells that it was measured in.

    Attributes
    ----------
    name : str
        Of the method.
    facts : Facts
        What a reader has to know.
    ratio : DataFrame
        Of `benchmarks.suite_tables.ratios`: its cells, without other packages.
    frame : DataFrame
        The raw rows of these cells.
    two_classes : sequence of str
        The data sets of two classes.
    """

    name: str
    facts: Facts
    ratio: pd.DataFrame
    frame: pd.DataFrame
    two_classes: Sequence[str]

    @property
    def shown(self) -> pd.DataFrame:
        """Its cells, without our teacher where it has its own."""
        return self.ratio.drop(columns="teacher", errors="ignore") if self.own else self.ratio

    @property
    def own(self) -> bool:
        """Whether it has its own teacher."""
        return self.facts.own_teacher

    def parts(self) -> dict[str, pd.DataFrame]:
        """Return all its cells and, where there are others, those of two classes."""
        two = self.shown.index.get_level_values("data").isin(self.two_classes)
        whole = {"": self.shown}
        return whole | {", two classes": self.shown[two]} if two.any() and not two.all() else whole

    def tables(self) -> list[tuple[str, pd.DataFrame]]:
        """Return its tables with their headings; all cells first."""
        seconds = times(self.frame)
        tables = []
        for part, cells in self.parts().items():
            table = summary(cells, seconds if not part else None)
            hidden = (["lead kept"] if self.own else []) + (["seconds"] if part else [])
            tables.append((f"{self.name}{part}: {len(cells)} cells", table.drop(columns=hidden)))
        return tables + [
            (f"{self.name} {title}: geometric mean / worst", by(self.shown, level))
            for level, title in (("data", "by data set"), ("student", "by student"))
            if len(set(self.shown.index.get_level_values(level))) > 1
        ]

    def text(self) -> str:
        """Return what stands above its table: whose teacher, which cells, and who is ahead."""
        said = [self.facts.teacher, self.facts.students, self.cells(), self.facts.seconds]
        said += [_compared(part, cells, self.name) for part, cells in self.parts().items()]
        return " ".join([*said, *self.cut_short()])

    def cells(self) -> str:
        """Return which cells it was measured in."""
        level = self.ratio.index.get_level_values
        sets, seeds = level("data").unique(), sorted(level("seed").unique())
        return (
            f"{len(self.ratio)} cells: {len(sets)} sets ({', '.join(sets)}), "
            f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}, students "
            f"{', '.join(f'*{name}*' for name in level('student').unique())}."
        )

    def cut_short(self) -> list[str]:
        """Return what its students of one tree make of the mean, as its notes tell them."""
        notes = self.frame["note"].fillna("").astype(str)
        of_one = self.frame[(self.frame["method"] == self.name) & notes.str.endswith("; 1 trees")]
        rest = self.ratio.drop(index=pd.MultiIndex.from_frame(of_one[CELL]))
        if not len(of_one) or not len(rest):
            return []
        ours = [f"{geometric_mean(rest[m]):.3f} of {m}" for m in OURS if m in rest]
        sets = ", ".join(sorted(set(of_one["data"])))
        return [
            f"In {len(of_one)} cells ({sets}) its own early stopping leaves its student one tree.",
            f"Without these its geometric mean is {geometric_mean(rest[self.name]):.3f}, against "
            + " and ".join(ours)
            + ".",
        ]


def peers_of(
    ratio: pd.DataFrame,
    frame: pd.DataFrame,
    facts: Mapping[str, Facts],
    two_classes: Sequence[str],
) -> list[Peer]:
    """Return the packages that were measured in cells that the direct student was measured in."""
    found = []
    for name in facts:
        if name not in ratio:
            continue
        others = [m for m in facts if m != name]
        cells = ratio[ratio[name].notna()].drop(columns=others, errors="ignore")
        cells = cells.dropna(axis=1, how="all")
        inside = pd.MultiIndex.from_frame(frame[CELL]).isin(cells.index)
        found.append(Peer(name, facts[name], cells, frame[inside], two_classes))
    return found


def overview(peers: Sequence[Peer]) -> pd.DataFrame:
    """Return one line per package and part of its cells: us against it, in short."""
    lines = []
    for peer in peers:
        seconds = times(peer.frame)
        for part, cells in peer.parts().items():
            ranks, level = mean_ranks(cells)[0], cells.index.get_level_values
            line = {"package": f"{peer.name}{part}", "cells": str(len(cells))}
            line |= {"sets": str(level("data").nunique()), "seeds": str(level("seed").nunique())}
            for method in (*OURS, peer.name):
                title = method if method in OURS else "package"
                known = method in cells
                line[f"{title}: mean"] = f"{geometric_mean(cells[method]):.3f}" if known else ""
                line[f"{title}: mean rank"] = f"{ranks[method]:.2f}" if method in ranks else ""
                spent = known and not part
                line[f"{title}: seconds"] = f"{seconds[method]:.2f}" if spent else ""
            lines.append(line)
    return pd.DataFrame(lines)


def tests_against(peers: Sequence[Peer]) -> list[pd.DataFrame]:
    """Return the paired tests of ours against each package."""
    return [
        paired(cells.rename(columns={peer.name: f"{peer.name}{part}"}), ours, [peer.name + part])
        for peer in peers
        for part, cells in peer.parts().items()
        for ours in OURS
        if ours in cells
    ]


def ahead_by_rank(peers: Sequence[Peer]) -> str:
    """Return the sentence that says who has the better mean rank, by package."""
    sentences = []
    for ours, called in OURS.items():
        said: dict[str, list[str]] = {}
        for peer in peers:
            ranks = mean_ranks(peer.shown)[0]
            if ours in ranks and peer.name in ranks:
                figures = f"{peer.name} ({ranks[ours]:.2f} against {ranks[peer.name]:.2f})"
                said.setdefault(_place(ranks[ours], ranks[peer.name], 2), []).append(figures)
        if said:
            places = [f"{place} {', '.join(names)}" for place, names in said.items()]
            sentences.append(f"{called} {' and '.join(places)}")
    if not sentences:
        return ""
    return (
        f"By mean rank, over the cells that each package was measured in, {'; '.join(sentences)}."
    )


def _place(ours: float, theirs: float, digits: int) -> str:
    """Return who is ahead (less is better) in as many digits as are written."""
    if round(ours, digits) == round(theirs, digits):
        return "level with"
    return "ahead of" if ours < theirs else "behind"


def _compared(part: str, cells: pd.DataFrame, peer: str) -> str:
    """Return who is ahead on some cells, by geometric mean and by mean rank."""
    ranks, mean = mean_ranks(cells)[0], geometric_mean(cells[peer])
    said = []
    for ours, called in OURS.items():
        if ours not in ranks:
            continue
        own, rank = geometric_mean(cells[ours]), ranks[ours]
        said.append(
            f"{called} {_place(own, mean, 3)} it by geometric mean ({own:.3f} against {mean:.3f}) "
            f"and {_place(rank, ranks[peer], 2)} it by mean rank ({rank:.2f} against "
            f"{ranks[peer]:.2f})"
        )
    where = f"On its {len(cells)} cells{' of two classes' if part else ''}"
    return f"{where} {'; '.join(said)}." if said else ""
