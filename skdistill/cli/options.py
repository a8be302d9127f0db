"""Options that several commands have: what is learned from, by which loss, and how."""

import argparse
from typing import Any

from skdistill.cli import engine, files, intake
from skdistill.cli.number_scores import LOSSES
from skdistill.cli.targets import TASKS

__all__ = ["add_data", "add_losses", "add_running", "share"]


def add_data(parser: Any) -> Any:
    """Add the options of a training file to a command, and return their group."""
    data = parser.add_argument_group("data")
    data.add_argument(
        "train",
        metavar="TRAIN",
        help="text (.csv, .csv.gz, .tsv, .txt, .data, .dat), Parquet or Feather file",
    )
    data.add_argument(
        "--target", required=True, metavar="COLUMN", help="what to predict: a class or a number"
    )
    data.add_argument(
        "--task", choices=("auto", *TASKS), default="auto", metavar="TASK",
        help="auto (default), classify or regress: what the target is",
    )  # fmt: skip
    data.add_argument("--groups", metavar="COLUMN", help="rows of one group stay in one fold")
    data.add_argument("--weight", metavar="COLUMN", help="row weights, also in the table")
    data.add_argument(
        "--exposure", metavar="COLUMN",
        help="of counts and totals: predict them per unit of it; rows count by it",
    )  # fmt: skip
    intake.add_options(data)
    files.add_options(data)
    return data


def add_losses(parser: Any) -> None:
    """Add the options of a loss of numbers to a command."""
    group = parser.add_argument_group("loss of numbers")
    group.add_argument(
        "--loss", choices=("auto", *LOSSES), default="auto", metavar="NAME",
        help=f"of teacher and student, and of the table: {', '.join(LOSSES)}; or auto (default): "
        "quantile with --quantile, tweedie with --power, poisson with --exposure, the student's "
        "own where it is given as module:attribute, else squared_error",
    )  # fmt: skip
    group.add_argument(
        "--quantile", type=_level, metavar="Q", help="which quantile to predict, such as 0.9"
    )
    group.add_argument(
        "--power", type=_power, metavar="P",
        help="of the variance in the mean, for --loss tweedie: from 1 to below 2 (default: 1.5)",
    )  # fmt: skip


def add_running(group: Any) -> None:
    """Add seed, parallelism, cache and engine to a group of options."""
    group.add_argument(
        "--seed", type=_seed, default=0,
        help="of everything random, learners given as instances excepted (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--n-jobs", type=int, metavar="N", help="folds at a time; -1 for all cores (default: 1)"
    )
    group.add_argument(
        "--memory", metavar="FOLDER", help="keep fitted fold teachers here, to resume"
    )
    engine.add_option(group)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 2**32 - 1, got {text!r}")
    return int(text)


def share(text: str) -> float:
    """Return a share from 0 to less than 1 that an option holds."""
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to less than 1, got {text!r}")
    return value


def _level(text: str) -> float:
    level = _number(text)
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return level


def _power(text: str) -> float:
    power = _number(text)
    if not 1 <= power < 2:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to below 2, got {text!r}")
    return power


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
