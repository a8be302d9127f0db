"""``python -m skdistill predict``: predict new raw rows with a saved student."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from skdistill._ground.saving import replacing
from skdistill.cli import files
from skdistill.cli.errors import CommandError, check_output, listed, note
from skdistill.cli.intake import read_new
from skdistill.cli.layout import names
from skdistill.cli.onnx_student import OnnxStudent, open_onnx
from skdistill.cli.spreadsheet import defused
from skdistill.cli.stored import add_trust, is_of_fit, load
from skdistill.cli.unseen import tell_empty, tell_unseen
from skdistill.cli.vectoriser import vectorise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_parser", "run"]

_ABOUT = """\
Predict the rows of a CSV or Parquet file with a student saved by `skdistill fit` (.joblib, .skops),
or with an .onnx file of `skdistill export`.

Writes CSV, one line per row in the order of the file: the columns of --id (else of `fit --id`), the
column "prediction" and, of classes, one column "proba_<class>" per class. Columns may stand in any
order, and those that the student does not know are ignored; text in a column that held numbers or
dates in training is refused, and categories that no training row has are counted. The last two are
this command's: joblib.load(STUDENT).predict(frame) takes cells that it cannot read for missing.

Text that a spreadsheet would run as a formula (=, +, - or @ first, and no number) is written with
an apostrophe in front, and a note says so; --raw leaves it. Numbers are never touched.

A .joblib file runs code when it is loaded: load only files that you trust. A .skops file runs none:
types that it holds and nobody knows are named, and nothing is loaded.
"""

_EXAMPLES = """\
examples:
  python -m skdistill predict student.joblib new.csv --out predictions.csv
  python -m skdistill predict student.joblib new.parquet --label
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``predict`` to the command line."""
    parser = commands.add_parser(
        "predict",
        parents=[common],
        help="predict new rows with a saved student (load only files that you trust)",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", metavar="STUDENT", help="file of `skdistill fit`, or .onnx file")
    parser.add_argument(
        "rows",
        metavar="ROWS",
        help="text (.csv, .csv.gz, .tsv, .txt, .data, .dat), Parquet or Feather file",
    )
    files.add_options(parser)
    parser.add_argument(
        "--id", type=names, action="extend", default=[], metavar="COLUMN,...",
        help="carry these to the predictions (default: those of fit --id)",
    )  # fmt: skip
    parser.add_argument("--out", metavar="FILE", help="CSV file to write (default: print it)")
    parser.add_argument(
        "--raw", action="store_true",
        help="leave text that spreadsheets would run as a formula (=, +, -, @ first) as it is",
    )  # fmt: skip
    add_trust(parser)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--label", action="store_true", help="only the column of predictions")
    only.add_argument("--proba", action="store_true", help="only the columns of probabilities")


def run(args: argparse.Namespace) -> None:
    """Carry out ``predict``.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If the file is no saved student, or the rows lack columns that it needs, or
        hold text where it needs numbers or dates.
    """
    check_output(args.out, args.model, args.rows)
    layout = files.layout(args, args.rows)
    model = _opened(args.model, args.trust)
    features, ids = read_new(args.rows, layout, model, args.id)
    target = model.columns_["target"]
    if target["task"] == "regress" and args.proba:
        raise CommandError(
            f"--proba: {args.model} predicts numbers, which have no probabilities: leave "
            "--proba out"
        )
    predictions = _predictions(model, features, args.rows)
    if args.label:
        predictions = predictions[["prediction"]]
    elif args.proba:
        predictions = predictions.drop(columns="prediction")
    _tell_unit(target)
    predictions = ids.join(predictions)
    predictions = predictions if args.raw else defused(predictions)
    if args.out is None:
        predictions.to_csv(sys.stdout, index=False)
    else:
        with replacing(args.out) as new:
            predictions.to_csv(new, index=False)
        print(f"wrote {len(predictions):,} predictions to {args.out}", file=sys.stderr)


def _opened(path: str, trust: Sequence[str]) -> Pipeline | OnnxStudent:
    if Path(path).suffix.lower() == ".onnx":
        return open_onnx(path)
    model = load(path, trust)
    if not is_of_fit(model):
        raise CommandError(f"{path} holds {type(model).__name__}, not a student of `skdistill fit`")
    return model


def _predictions(
    model: Pipeline | OnnxStudent, features: "pd.DataFrame", path: str
) -> "pd.DataFrame":
    if isinstance(model, OnnxStudent):
        said = model.predictions(features)
        _tell_new(model, features, path)
    else:
        predicted = _PREDICTED[model.columns_["target"]["task"]]
        said = predicted(model, vectorise(model, features, path))
    _check_finite(said["prediction"])
    return said


def _tell_new(graph: OnnxStudent, features: "pd.DataFrame", path: str) -> None:
    """Say what is new in rows, as `vectorise` does, by what the graph keeps of training."""
    if "categories" in graph.columns_:
        tell_empty(graph.feature_names_in_, features, path)
        tell_unseen(graph.columns_["categories"], features, path)
        return
    known = graph.columns_["features"]
    unsaid = [each["name"] for each in known if each["kind"] == "category"]
    if unsaid:
        note(
            f"the .onnx file does not say which categories its training rows had: new ones in "
            f"{listed(unsaid)} of {path} are not counted"
        )


def _classes(model: Pipeline, X: np.ndarray) -> "pd.DataFrame":
    import pandas as pd

    proba = model.named_steps["student"].predict_proba(X)
    labels = model.classes_.take(proba.argmax(axis=1))
    columns = [f"proba_{label}" for label in model.classes_]
    out = pd.DataFrame(proba, columns=columns)
    out.insert(0, "prediction", labels)
    return out


def _numbers(model: Pipeline, X: np.ndarray) -> "pd.DataFrame":
    import pandas as pd

    said = np.asarray(model.named_steps["student"].predict(X), dtype=float).ravel()
    return pd.DataFrame({"prediction": said})


def _check_finite(said: "pd.Series") -> None:
    """Raise CommandError where a predicted number is none."""
    odd = np.flatnonzero(~np.isfinite(said)) if said.dtype.kind == "f" else ()
    if len(odd):
        raise CommandError(
            f"the student predicts {said[odd[0]]} for data row {odd[0] + 1} ({len(odd):,} in all): "
            "its numbers are far from those of training; mend them or leave such rows out"
        )


_PREDICTED: Mapping[str, Callable[[Pipeline, np.ndarray], "pd.DataFrame"]] = {
    "classify": _classes,
    "regress": _numbers,
}


def _tell_unit(target: Mapping[str, Any]) -> None:
    """Note what predicted numbers are in, and per unit of what."""
    if target["unit"]:
        note(f"predictions of {target['name']!r} are in {target['unit']}")
    if target["per"]:
        note(
            f"predictions of {target['name']!r} are per unit of {target['per']!r}: multiply them "
            "by it"
        )
