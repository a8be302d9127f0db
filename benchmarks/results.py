"""Raw measurements that survive an interruption, and the tables that are made of them."""

import argparse
import csv
import importlib.metadata
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from tqdm import tqdm

__all__ = [
    "Log",
    "Page",
    "add_common_arguments",
    "command_line",
    "folder_of",
    "markdown",
    "progress",
    "say",
    "today",
]

T = TypeVar("T")
tqdm.monitor_interval = 0  # no thread beside what is timed
MEASURED = "measured"  # the column of the day, which the log itself writes
PACKAGES = ("scikit-learn", "lightgbm", "numpy", "scipy")
RESULTS = Path("docs", "results")
QUICK_RESULTS = Path(".cache", "benchmarks")


class Log:
    """A CSV file with one row per measurement, written as each is made.

    What is in the file need not be measured again, so an interrupted benchmark goes on where it
    stopped. Each row keeps the day on which it was measured, in a last column.

    Parameters
    ----------
    path : Path
        The file; made with its folder when the first row is added.
    kind : type
        Frozen dataclass of a row.
    key : sequence of str
        Fields that identify a measurement.
    fresh : bool, default=False
        Whether to forget what is in the file.
    """

    def __init__(self, path: Path, kind: type, key: Sequence[str], *, fresh: bool = False) -> None:
        self.path = path
        self.columns = [*(field.name for field in fields(kind)), MEASURED]
        self.key = tuple(key)
        if fresh:
            path.unlink(missing_ok=True)
        self._keys = {self._as_key(row) for row in self._read()}

    def __contains__(self, key: tuple[Any, ...]) -> bool:
        return tuple(map(_written, key)) in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def missing(self, keys: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return those of the keys that are not in the file yet."""
        return [key for key in keys if key not in self]

    def add(self, row: Any) -> None:
        """Append a row, dated today, and flush it."""
        values = asdict(row) | {MEASURED: today()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow({k: _written(v) for k, v in values.items()})
        self._keys.add(self._as_key(values))

    def frame(self) -> pd.DataFrame:
        """Return all rows, without their days; of a key that was measured twice, the last."""
        return self._table().drop(columns=MEASURED)

    def measured(self, rows: pd.DataFrame | None = None) -> tuple[str, str]:
        """Return the days of the first and the last measurement.

        Parameters
        ----------
        rows : DataFrame, optional
            Some of the rows of `frame`, with their index; by default all.
        """
        days = self._table()[MEASURED]
        shown = days if rows is None else days.loc[rows.index]
        return str(shown.min()), str(shown.max())

    def _table(self) -> pd.DataFrame:
        table = pd.read_csv(self.path, keep_default_na=False, na_values=["", "nan"])
        return table.drop_duplicates(list(self.key), keep="last").reset_index(drop=True)

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != self.columns:
                message = (
                    f"{self.path} has the columns {reader.fieldnames}, expected {self.columns}: it "
                    "is from another version of this benchmark; run with --fresh."
                )
                raise SystemExit(message)
            return list(reader)

    def _as_key(self, row: dict[str, Any]) -> tuple[str, ...]:
        return tuple(_written(row[name]) for name in self.key)


def _written(value: Any) -> str:
    """Return a value as it stands in the file."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Page:
    """A table with what is needed to make it again.

    Attributes
    ----------
    name : str
        Of the files.
    title : str
        Heading.
    command : str
        The command that made it.
    about : tuple of str
        Paragraphs below the table and its pictures: what was measured, and how.
    notes : tuple of str
        Paragraphs at the end.
    figures : tuple of (str, str)
        Names of pictures in the same folder, each with a sentence that says what is seen.
    measured : (str, str) or None
        Days of the first and the last measurement shown, see `Log.measured`.
    texts : mapping of str to str
        Paragraphs above further tables, by their headings.
    """

    name: str
    title: str
    command: str
    about: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    measured: tuple[str, str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path, table: pd.DataFrame, *others: tuple[str, pd.DataFrame]) -> None:
        """Write ``<name>.csv`` (the table), ``.json`` (what made it) and ``.md`` (all).

        Further tables are written as ``more/<name>-<number>.csv``.

        Parameters
        ----------
        folder : Path
            Where to.
        table : DataFrame
            The table; numbers are written as they are formatted by `markdown`.
        *others : tuple of (str, DataFrame)
            Further tables, each with a heading.
        """
        (folder / "more").mkdir(parents=True, exist_ok=True)
        date, versions = today(), installed_versions()
        _formatted(table).to_csv(folder / f"{self.name}.csv", index=False, lineterminator="\n")
        more = [(heading, f"more/{self.name}-{i}.csv") for i, (heading, _) in enumerate(others, 1)]
        for (_, file), (_, other) in zip(more, others, strict=True):
            _formatted(other).to_csv(folder / file, index=False, lineterminator="\n")
        facts = {
            "title": self.title,
            "about": self.about,
            "notes": self.notes,
            "figures": self.figures,
            "more": more,
            "texts": dict(self.texts),
            "command": self.command,
            "measured": self.measured,
            "date": date,
            "versions": versions,
        }
        (folder / f"{self.name}.json").write_text(
            json.dumps(facts, indent=2) + "\n", encoding="utf-8"
        )
        listed = ", ".join(f"{package} {version}" for package, version in versions.items())
        made = f"Tables made {date} with {listed}."
        if self.measured:
            days = " to ".join(dict.fromkeys(self.measured))  # one day is named once
            made = f"Rows measured {days}. {made}"
        parts = [f"# {self.title}", markdown(table)]
        parts += [f"![{sentence}]({file})" for file, sentence in self.figures]
        parts += self.about
        for heading, other in others:
            said = [self.texts[heading]] if heading in self.texts else []
            parts += [f"## {heading}", *said, markdown(other)]
        parts += [*self.notes, f"Command: `{self.command}`", made]
        (folder / f"{self.name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def today() -> str:
    """Return the date of Greenwich, YYYY-MM-DD."""
    return datetime.now(tz=UTC).date().isoformat()


def progress(rows: Iterable[T], total: int, text: Callable[[T], str] | None = None) -> Iterator[T]:
    """Yield measurements as they are made; a bar on stderr shows how many are still to come.

    Parameters
    ----------
    rows : iterable
        The measurements, made as they are asked for.
    total : int
        How many are missing, at most.
    text : callable, optional
        Of a measurement; the line to print of it once the caller has dealt with it.
    """
    with tqdm(total=total, miniters=1, disable=total == 0) as bar:
        for row in rows:
            yield row
            bar.update()
            if text is not None:
                say(text(row))


def say(text: str) -> None:
    """Print a line at once, above the bar if there is one."""
    tqdm.write(text)
    sys.stdout.flush()


def installed_versions() -> dict[str, str]:
    """Return the versions that matter, and the number of cores."""
    import skdistill

    versions = {"Python": platform.python_version(), "skdistill": skdistill.__version__}
    versions |= {name: importlib.metadata.version(name) for name in PACKAGES}
    return versions | {"cores": str(os.cpu_count())}


def markdown(table: pd.DataFrame) -> str:
    """Return a table in GitHub's Markdown, numbers to the right.

    Examples
    --------
    >>> print(markdown(pd.DataFrame({"set": ["adult"], "ours": [0.9123]})))
    | set | ours |
    |---|---:|
    | adult | 0.9123 |
    """
    numeric = [pd.api.types.is_numeric_dtype(table[name]) for name in table.columns]
    lines = [list(map(str, table.columns)), ["---:" if right else "---" for right in numeric]]
    lines += _formatted(table).to_numpy().tolist()
    ruler = f"|{'|'.join(lines[1])}|"
    body = [f"| {' | '.join(map(str, line))} |" for line in (lines[0], *lines[2:])]
    return "\n".join([body[0], ruler, *body[1:]])


def _formatted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text: four significant digits, nothing for NaN."""
    return table.map(
        lambda v: ("" if v != v else f"{v:.4g}") if isinstance(v, float) else str(v)  # noqa: PLR0124
    )


def add_common_arguments(
    parser: argparse.ArgumentParser, repeats: int | None, default: str = "%(default)s"
) -> None:
    """Add the options that all benchmarks have; `default` says what None repeats are."""
    parser.add_argument("--repeats", type=int, default=repeats, help=f"(default: {default})")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    parser.add_argument("--fresh", action="store_true", help="forget earlier measurements")
    parser.add_argument("--out", type=Path, help=f"folder of the tables (default: {RESULTS})")


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return the folder that the tables of this run go to."""
    if arguments.out is not None:
        return Path(arguments.out)
    return QUICK_RESULTS if arguments.quick else RESULTS


def command_line(name: str, argv: Iterable[str] | None = None) -> str:
    """Return the command of this run, without what only says where its output goes, or anew."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--out" in given:
        at = given.index("--out")
        del given[at : at + 2]
    unsaid = ("--fresh", "--summary")
    kept = [word for word in given if word not in unsaid and not word.startswith("--out=")]
    return " ".join(["python -m", f"benchmarks.{name}", shlex.join(kept)]).strip()
