"""The options of ``fit``."""

import argparse
from typing import Any

from skdistill.cli import names, number_names, options
from skdistill.cli.errors import Once, Several
from skdistill.cli.kept import KEEP
from skdistill.cli.render import FORMATS

__all__ = ["make_parser"]

_ABOUT = """\
Distil a teacher into a student on a CSV or Parquet file, and save the student.

The target is a number to be predicted (regression) where --loss, --quantile, --power or --exposure
say so, or where at least 95% of its cells are numbers, more than 20 of them different or one no
whole number; else it names classes. What it was taken for is printed; --task says otherwise.

A share of the rows is held out (or given by --test) and only serves the table (class frequencies
or mean, teacher, student alone, in-sample distillation, distilled) and, by --keep, to choose the
student to save: distilled or alone. What is saved is a scikit-learn Pipeline of the vectoriser
(skrub's TableVectorizer) and that student, both fitted on the training rows and on nothing else. It
predicts raw rows, by `skdistill predict` or by joblib.load(...).predict(frame), and needs neither
the teacher nor, as a rule, skdistill: where it does (mlp of classes, XGBoost on labels other than
0, 1, ...), a note says so.
--test-size 0 trains on all rows, without a table.

What each column is (number, category, text, date; id, constant, empty: left out) is decided by one
rule and printed, with what was not understood; --numeric, --category, --text, --date, --id and
--drop say otherwise. Cells that were missing for being no number or date are so in `skdistill
predict` as well. Names with a comma stand in double quotes: --drop '"a, b",c'.

Columns that the student does not use are not saved, and not needed. Both `skdistill predict` and
joblib.load(...).predict(frame) find the others by name, in any order; the former refuses cells that
it cannot read, the latter wants numbers and dates as such, and takes other cells for missing.

A .joblib file runs code when it is loaded. --out NAME.skops (extra skops) saves the same in a file
that runs none: types that are neither of skdistill nor known to skops are named and refused.

A file given by --test is read as TRAIN is: what is text there is text here. Held-out rows that hold
text where the training rows hold numbers or dates are refused, as they are by `skdistill predict`.
"""

_EXAMPLES = f"""\
teachers of classes:
{names.describe(names.TEACHERS)}
students:
{names.describe(names.STUDENTS)}
teachers of numbers:
{names.describe(number_names.TEACHERS)}
students:
{names.describe(number_names.STUDENTS)}
or module:attribute for either: a classifier or regressor, or a class or function that returns one.
--seed seeds a class; an instance, or what a function returns, is left as it is.

examples:
  python -m skdistill fit train.csv --target y --out student.joblib
  python -m skdistill fit train.parquet --target y --student tree --test test.parquet \\
      --out tree.joblib --report report.html
  python -m skdistill fit houses.csv --target price --student tree --out tree.joblib
  python -m skdistill fit policies.csv --target claims --exposure years --loss poisson \\
      --student linear --out glm.joblib
  python -m skdistill fit train.csv --target y --groups patient --drop id \\
      --teacher sklearn.ensemble:GradientBoostingClassifier --student rf10 --out rf10.joblib
"""


def make_parser(commands: Any, common: argparse.ArgumentParser) -> Any:
    """Add ``fit`` and its options to the command line, and return its parser."""
    parser = commands.add_parser(
        "fit",
        parents=[common],
        help="distil on a CSV or Parquet file and save the student",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = options.add_data(parser)
    held_out = data.add_mutually_exclusive_group()
    held_out.add_argument("--test", metavar="FILE", help="held-out rows, with the same columns")
    held_out.add_argument(
        "--test-size", type=options.share, default=0.25, metavar="SHARE",
        help="share of TRAIN to hold out; 0 for no table (default: 0.25)",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="FILE", help="where to save the student")
    output.add_argument("--report", metavar="FILE", help=f"also write it: {', '.join(FORMATS)}")
    output.add_argument(
        "--keep", choices=tuple(KEEP), metavar="WHICH",
        help="which student to save: distilled; direct, the one trained on the labels alone; or "
        "best, the one of these with the lowest loss on the held-out rows (default: best; without "
        "held-out rows: distilled); in-sample distillation is only compared",
    )  # fmt: skip
    options.add_losses(parser)
    _add_method(parser.add_argument_group("method"))
    return parser


def _add_method(method: Any) -> None:
    method.add_argument(
        "--teacher", action=Once, default="vote", metavar="NAME", help="default: vote"
    )
    method.add_argument(
        "--student", action=Several, default=["lightgbm"], dest="students", metavar="NAME,...",
        help="one, or several to compare (repeatable), or auto for all below (default: lightgbm)",
    )  # fmt: skip
    method.add_argument("--cv", type=int, default=5, metavar="K", help="folds (default: 5)")
    method.add_argument(
        "--strength", type=_strength, default="auto", metavar="S",
        help="how far to correct the teacher by the labels: 0 to 1, or auto (default)",
    )  # fmt: skip
    method.add_argument(
        "--correction", type=_optional, default="orthogonal", metavar="NAME",
        help="orthogonal (default), fast, slow, relative, absolute, power (classes) or none",
    )  # fmt: skip
    method.add_argument(
        "--calibration", type=_optional, default="auto", metavar="NAME",
        help="of the teacher: auto (default: sigmoid for classes, linear for numbers), "
        "temperature (classes), isotonic, stacked or none",
    )  # fmt: skip
    options.add_running(method)


def _optional(text: str) -> str | None:
    return None if text == "none" else text


def _strength(text: str) -> str | float:
    try:
        return text if text == "auto" else float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected auto or a number, got {text!r}") from error
