"""``python -m skdistill search``: the best student that one can afford, on one's own table."""

import argparse
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from skdistill import SquaredError
from skdistill._ground.threads import few_threads
from skdistill.cli import intake, limits, options, searched
from skdistill.cli.engine import running_on
from skdistill.cli.errors import CommandError, Once, Several, check_output
from skdistill.cli.files import layout
from skdistill.cli.kept import check_pickles
from skdistill.cli.slim import slim
from skdistill.cli.stages import Stages
from skdistill.cli.staying import tell_staying
from skdistill.cli.stored import check_format, save
from skdistill.cli.tasks import CliTask, asked, task_of
from skdistill.cli.vectoriser import make_vectoriser
from skdistill.exceptions import BudgetError, ExportError
from skdistill.inspection import SearchReport

__all__ = ["add_parser", "run"]

ONNX = ".onnx"
_ABOUT = """\
Try many students on a CSV or Parquet file, alone and distilled, and save the best that is within
a budget.

Every student is judged on folds that neither it, nor its teacher, nor the choice among settings has
seen. What is printed is the frontier: the students that no other one beats in loss, size and time.
--budget has hard limits on the student that is saved (columns are turned into numbers before it):

  latency  to predict one row, the median of many calls: us, ms or s
  size     of its pickle: B, kB, MB or GB
  leaves   of all its trees
  readable one tree of at most 32 leaves, a linear student, an explainable boosting machine

--out takes its format from the extension: .onnx (proved equal, or refused; extra onnx), .skops
(which runs no code when it is loaded; extra skops), else joblib, for `skdistill predict`. Columns,
targets and files are read as by `skdistill fit`.
"""
_EXAMPLES = """\
examples:
  python -m skdistill search train.csv --target y --out student.joblib --report report.html
  python -m skdistill search train.csv --target y --budget "latency<200us,size<50kB" --out s.onnx
  python -m skdistill search train.csv --target y --students tree,logistic --within 1% \\
      --prefer smaller --out s.joblib
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``search`` to the command line."""
    parser = commands.add_parser(
        "search",
        parents=[common],
        help="try many students on a CSV or Parquet file, save the best within a budget",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    options.add_data(parser)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="where to save the student: .joblib, .skops or .onnx",
    )
    output.add_argument(
        "--report", metavar="FILE", help="also write all students and their picture: an .html file"
    )
    _add_wishes(parser.add_argument_group("what to look for"))
    options.add_losses(parser)
    method = parser.add_argument_group("method")
    method.add_argument(
        "--teacher", action=Once, default="vote", metavar="NAME",
        help="as of `skdistill fit` (default: vote)",
    )  # fmt: skip
    method.add_argument("--cv", type=int, default=5, metavar="K", help="folds, 3 or more (5)")
    method.add_argument(
        "--tune", action="store_true",
        help="try a few settings of every student, and a temperature of classifiers, alone and "
        "distilled: 4 to 10 times the fits",
    )  # fmt: skip
    method.add_argument(
        "--synthetic", choices=("munge",), metavar="NAME",
        help="also distil on synthetic rows: munge",
    )  # fmt: skip
    options.add_running(method)


def _add_wishes(group: Any) -> None:
    group.add_argument(
        "--students", action=Several, default=["auto"], metavar="NAME,...",
        help="students of `skdistill fit`, or auto (default): trees of 4 to 256 leaves, a linear "
        "one, a forest, LightGBM of three sizes, a network; of other losses than the squared "
        "error all of `fit` that have it",
    )  # fmt: skip
    group.add_argument(
        "--budget", type=limits.budget, metavar="LIMITS",
        help="hard limits, such as latency<200us,size<50kB,leaves<=32,readable",
    )  # fmt: skip
    group.add_argument(
        "--prefer", choices=("faster", "smaller"),
        help="of the students that are nearly as good as the best, take this one",
    )  # fmt: skip
    group.add_argument(
        "--within", type=limits.within, metavar="SHARE",
        help="with --prefer: nearly as good is within this share of the loss of the best, such as "
        "1%% (default: within a standard error)",
    )  # fmt: skip
    group.add_argument(
        "--max-time", type=limits.seconds, metavar="SECONDS",
        help="leave out what is not expected to end in time",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Carry out ``search``: read, choose, print the frontier and the verdict, save.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If files, columns or learners cannot be used, no student is within the budget, or the
        student cannot be written in the format of ``--out``.
    """
    _check(args)
    training = intake.read_training(
        args.train, layout(args, args.train), intake.special(args), asked(args)
    )
    tell_staying(training.columns, args.train)
    task = task_of(training.target.task, args)
    rows = training.rows
    task.check_values(rows.y, args.target, args.train)
    task.check(rows.y, args.cv, f"--cv {args.cv}", args.target, args.train)
    vectoriser = _vectoriser(args, training)
    search, name = _search(args, task), Path(args.train).name
    with few_threads(rows.X.size), running_on(args.engine), Stages():
        X = vectoriser.fit_transform(rows.X)
        try:
            search.fit(X, rows.y, sample_weight=rows.weight, groups=rows.groups)
        except BudgetError as error:
            found = searched.Searched(name, search, X.shape, args.teacher, saved=False)
            print(found.table)
            raise CommandError(f"{error.__cause__} All that was tried stands above.") from error
    found = searched.Searched(name, search, X.shape, args.teacher)
    print(f"{found.table}\n\n{found.sentence}")
    model = slim(vectoriser, search.student_, rows.X, partial(_vectoriser, args, training))
    print(_save(model, rows.X, args.out))
    print(found.sizes(args.out))
    if args.report:  # last: where it fails, the student is saved
        SearchReport.from_estimator(search, _about(args, X.shape)).save(args.report)
        print(f"wrote {args.report}")


def _about(args: argparse.Namespace, shape: tuple[int, int]) -> dict[str, str]:
    """Return what the report is of, by name."""
    rows, columns = shape
    return {
        "file": args.train,
        "target": args.target,
        "rows": f"{rows:,}, of {columns} numbers each",
        "teacher": args.teacher,
        "seed": str(args.seed),
        "command": f"skdistill {shlex.join(args.words)}",
    }


def _vectoriser(
    args: argparse.Namespace, training: intake.Intake, names: Sequence[str] | None = None
) -> Pipeline:
    """Return what turns columns into numbers: all of them, or some."""
    columns = [each for each in training.columns if names is None or each.name in names]
    target = training.target.to_dict() | {"per": args.exposure}
    return make_vectoriser(args.seed, columns, args.id, target)


def _check(args: argparse.Namespace) -> None:
    """Find out now what could not be done in the end."""
    check_output(args.out, args.train)
    check_format(args, ONNX)
    check_output(args.report, args.train, args.out)
    if args.report:
        searched.check_page(args.report)
    if args.within is not None and args.prefer is None:
        raise CommandError("--within says how much worse a preferred student may be: add --prefer")
    if args.cv < 3:
        raise CommandError(f"--cv {args.cv}: an honest choice needs 3 folds or more")
    if Path(args.out).suffix.lower() == ONNX:
        _onnx()


def _search(args: argparse.Namespace, task: CliTask) -> Any:
    """Return the search that the options ask for, not fitted."""
    teacher = task.learner("teacher", args.teacher, args.seed)
    if args.memory:
        check_pickles(teacher, f"--memory: --teacher {args.teacher}")
    students: Any = "auto"  # of classes, or of the squared error
    loss = task.settings.get("loss")
    if args.students != ["auto"] or not isinstance(loss, SquaredError | None):
        named = task.student_learners(args.students, args.seed)
        for name, student in named.items():
            check_pickles(student, f"--students {name}")
        students = list(named.items())
    made = {
        "cv": args.cv,
        "budget": args.budget,
        "prefer": args.prefer,
        "within": args.within,
        "settings": "auto" if args.tune else None,
        "calibrations": (task.calibration,),
        "synthetics": (args.synthetic,),
        "n_jobs": args.n_jobs,
        "max_time": args.max_time,
        "memory": args.memory,
        "random_state": args.seed,
    }
    return task.chooses(teacher, students, **made)


def _save(model: Pipeline, rows: Any, path: str) -> str:
    """Save the student as the extension says, and return what was done in words."""
    if Path(path).suffix.lower() != ONNX:
        save(model, path)
        return f"saved {path}: `skdistill predict {path} new.csv --out predictions.csv` uses it"
    try:
        proved = _onnx()(model, rows, path=path)
    except ExportError as error:
        beside = str(Path(path).with_suffix(".joblib"))
        save(model, beside)
        raise CommandError(
            f"{path} was not written, the student is in {beside}: {error}"
        ) from error
    return (
        f"saved {path}, proved equal on {proved.n_rows:,} rows: no label differs, no number by "
        f"more than {proved.largest_difference:.2g}"
    )


def _onnx() -> Any:
    from skdistill.export import to_onnx

    for package in ("onnx", "onnxruntime"):
        try:
            __import__(package)
        except ImportError as error:
            raise CommandError(
                f'an .onnx file needs {package}: pip install "skdistill[onnx]", or choose .joblib'
            ) from error
    return to_onnx
