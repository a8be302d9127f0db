"""``python -m skdistill export``: write a saved student in a format that needs no Python."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill._ground.validation import brief
from skdistill.cli import files
from skdistill.cli.errors import CommandError, check_output
from skdistill.cli.intake import read_new
from skdistill.cli.staying import check_leaves
from skdistill.cli.stored import add_trust, is_of_fit, load
from skdistill.exceptions import ExportError
from skdistill.export import Exported
from skdistill.export.formats import FORMATS, expressible
from skdistill.export.shipping import check_packages

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_parser", "run"]

_ABOUT = """\
Write a student saved by `skdistill fit` in a format that needs neither skdistill nor scikit-learn,
and prove the file equal to the student before it is kept: exact, or refused.

  onnx      a graph of the raw columns, for onnxruntime 1.24 or later
  lightgbm  LightGBM's own text, of a LightGBM student of numbers
  xgboost   XGBoost's own UBJSON, of an XGBoost student of numbers
  treelite  Treelite's file, of trees and their sums of numbers
  c         one C99 file without dependencies, of numbers
  sql       one SELECT, of a tree, a few of them, or a linear student
  json      a description, for a reader of one's own

The proof needs rows: --data names a file of some hundred like those to come (labels are not
needed). The saved student keeps none of those it was fitted on, which may be private. The file is
run on them, on rows next to every threshold, and on extreme ones.

A joblib file runs code when it is loaded: load only files that you trust.
"""

_EXAMPLES = """\
examples:
  python -m skdistill export student.joblib --to onnx --data new.csv --out student.onnx
  python -m skdistill export tree.joblib --to sql --data new.csv --out tree.sql
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``export`` to the command line."""
    parser = commands.add_parser(
        "export",
        parents=[common],
        help="write a saved student as ONNX, C, SQL, ... (load only files that you trust)",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "model", metavar="STUDENT", help=".joblib or .skops file of `skdistill fit` or `search`"
    )
    parser.add_argument(
        "--to", required=True, choices=tuple(FORMATS), metavar="FORMAT",
        help=", ".join(FORMATS),
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="FILE", help="the file to write")
    parser.add_argument(
        "--data", required=True, metavar="ROWS",
        help="rows to prove it on: text, Parquet or Feather, with the columns of training",
    )  # fmt: skip
    files.add_options(parser)
    add_trust(parser)


def run(args: argparse.Namespace) -> None:
    """Carry out ``export``.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If the file is no saved student, the rows lack columns, or the format has no place for a
        part of it: then the formats that have are named, and nothing is written.
    ImportError
        If a package that the format needs is not installed.
    """
    _check_model(args.model)
    check_output(args.out, args.model, args.data)
    form, to_format = FORMATS[args.to]
    check_packages(form)
    layout = files.layout(args, args.data)
    model = load(args.model, args.trust)
    rows = _rows(model, args, layout)
    if is_of_fit(model):
        check_leaves(model, args.model, args.to)
    try:
        exported = to_format(model, rows, path=args.out)
    except ExportError as error:
        others = [name for name in expressible(model, rows) if name != args.to]
        can = f"Formats that can: {', '.join(others)}." if others else "No other format can either."
        raise CommandError(f"--to {args.to}: {error} {can}") from error
    print(_told(exported, len(rows), args.data))


def _check_model(path: str) -> None:
    """Raise CommandError where a file is what this command writes, not what it reads."""
    if Path(path).suffix.lower() == ".onnx":
        raise CommandError(
            f"{path} is an ONNX file already, and no other format can be made of it: export takes "
            "the .joblib or .skops file that `skdistill fit` or `skdistill search` saved"
        )


def _rows(model: Any, args: argparse.Namespace, layout: files.Layout) -> "pd.DataFrame":
    """Return the rows as a student takes them: typed, if it is one that ``fit`` saved."""
    if not hasattr(model, "predict"):
        raise CommandError(f"{args.model} holds {brief(model)}, expected a fitted student")
    if is_of_fit(model):
        return read_new(args.data, layout, model, [])[0]
    return files.read(args.data, layout)


def _told(exported: Exported, n_rows: int, path: str) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in exported.versions.items())
    return (
        f"wrote {exported.path}: {len(exported.content):,} bytes of {exported.format}\n"
        f"proved on {exported.n_rows:,} rows, of which {n_rows:,} of {path} and the others next to "
        f"thresholds and at extremes: no label differs, no number by more than "
        f"{exported.largest_difference:.2g} ({exported.tolerance:g} were allowed)\n"
        f"by {versions}"
    )
