"""The command line: ``skdistill demo | search | fit | predict | export``; ``python -m skdistill``.

One module per command, each with an ``add_parser`` (its options) and a ``run`` (what it does):

- :mod:`~skdistill.cli.demo` shows whether distilling pays on data sets that ship with scikit-learn;
- :mod:`~skdistill.cli.search` finds the best student within a budget on the user's own file;
- :mod:`~skdistill.cli.fit` distils on the user's own CSV or Parquet file and saves the student;
- :mod:`~skdistill.cli.predict` predicts new raw rows with a saved student;
- :mod:`~skdistill.cli.export` writes it as ONNX, C, SQL or others, proved equal.

`tasks` has a record for each task, classes and numbers: learners with short names (`names`,
`number_names`), how models are made (`trials`), scored (`class_scores`, `number_scores`) and what
is checked. The commands share `targets` (which task it is), `board` (the table of models and the
verdict), `sentences` (what these say), `kept`, `slim` and `stored` (what is saved, and how),
`render` (text, Markdown, HTML), `tables` (files and their columns) and `progress`.
"""

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

from skdistill.cli import demo, export, fit, predict, search
from skdistill.cli.errors import in_options

__all__ = ["main"]

_ABOUT = """\
Distil a strong tabular model (the teacher) into a small one (the student): classes or numbers.

examples:
  python -m skdistill demo
  python -m skdistill search train.csv --target y --budget "size<50kB" --out student.joblib
  python -m skdistill fit train.csv --target y --student tree --out student.joblib
  python -m skdistill predict student.joblib new.csv --out predictions.csv
  python -m skdistill export student.joblib --to onnx --data new.csv --out student.onnx

exit codes: 0 done; 1 an unexpected failure, or interrupted; 2 a command or data that cannot be used
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments without the programme's name; None takes them from the shell.

    Returns
    -------
    code : int
        0 done; 1 an unexpected failure, or interrupted; 2 a command or data that cannot be used.
        ``--help``, ``--version`` and wrong options end in ``SystemExit``, as argparse has it.
    """
    args = _parser().parse_args(argv)
    args.words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without a plus-minus sign prints "?"
            stream.reconfigure(errors="replace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            args.run(args)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (its exit code says which)
        if args.debug:
            traceback.print_exc()
        print(f"skdistill {args.command}: {_one_line(error)}", file=sys.stderr)
        return _exit_code(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    from skdistill import __version__

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    parser = argparse.ArgumentParser(
        prog="skdistill" if Path(sys.argv[0]).stem == "skdistill" else "python -m skdistill",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skdistill {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (demo, search, fit, predict, export):
        command.add_parser(commands, common)
    return parser


def _show_warning(message: Warning | str, *_: object) -> None:
    print(f"warning: {in_options(' '.join(str(message).split()))}", file=sys.stderr)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if _exit_code(error) == 1:
        return f"unexpected {type(error).__name__}: {text} (--debug shows where)"
    return f"error: {in_options(text)}"


def _exit_code(error: BaseException) -> int:
    """2 for what the user can mend (data, options, files, missing packages), 1 for the rest."""
    return 2 if isinstance(error, ValueError | TypeError | OSError | ImportError) else 1
