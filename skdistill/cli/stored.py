"""Saved students: joblib files, which run code when they are loaded, and skops files, which do not.

A skops file is a list of types and their values. Nothing of it is made before every type is found
to be one that skops knows, one that ``fit`` itself saves, or one that the user named by --trust.
"""

import argparse
import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

from joblib import dump
from joblib import load as joblib_load
from sklearn.pipeline import Pipeline

from skdistill._ground.saving import replacing
from skdistill.cli.errors import CommandError, listed, note

__all__ = ["KNOWN", "add_trust", "check_format", "is_of_fit", "is_skops", "load", "save"]

# What `fit` saves, and skops leaves to its users: no functions but those that these are made of.
KNOWN = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.asarray",
        "numpy.dtype",
        "sklearn.compose._column_transformer._RemainderColsList",  # up to scikit-learn 1.6
        "sklearn.tree._tree.Tree",
        "skdistill._ground.wrapping.LabelledClassifier",
        "skdistill.export.decoded.DecodedClassifier",
        "skdistill.export.sorted_levels.SortedRegressors",
        "skdistill.students.regression.Decoder",
        "skdistill.students.soft_logistic.SoftLogisticRegression",
        "skdistill.students.soft_mlp.SoftMLPClassifier",
        "skdistill.students.wrapped.TemperedClassifier",
        "skdistill.targets.losses.Brier",
        "skdistill.targets.losses.CrossEntropy",
        "skdistill.targets.losses.Logit",
        "skrub._apply_to_each_col.ApplyToEachCol",
        "skrub._check_input.CheckInputDataFrame",
        "skrub._clean_categories.CleanCategories",
        "skrub._clean_null_strings.CleanNullStrings",
        "skrub._dataframe._common.is_any_date",
        "skrub._dataframe._common.is_categorical",
        "skrub._dataframe._common.is_numeric",
        "skrub._datetime_encoder.DatetimeEncoder",
        "skrub._drop_uninformative.DropUninformative",
        "skrub._duration_to_float.DurationToFloat",
        "skrub._string_encoder.StringEncoder",
        "skrub._table_vectorizer.PassThrough",
        "skrub._table_vectorizer.ShortReprDict",
        "skrub._table_vectorizer.TableVectorizer",
        "skrub._table_vectorizer._created_by_predicate",
        "skrub._to_datetime.ToDatetime",
        "skrub._to_float.ToFloat",
        "skrub._to_str.ToStr",
        "skrub.selectors._base.All",
        "skrub.selectors._base.And",
        "skrub.selectors._base.Cols",
        "skrub.selectors._base.Filter",
        "skrub.selectors._base.Sub",
        "skrub.selectors._selectors._cardinality_below",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    }
)

# How a pickle begins, and one that joblib compressed: by zlib, gzip, bz2, lzma, xz or lz4.
_PICKLES = (
    b"\x80", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"\x1f\x8b", b"BZh", b"\x5d\x00",
    b"\xfd7zXZ", b"\x04\x22\x4d\x18",
)  # fmt: skip

_EXPORTED = (".onnx", ".sql", ".c", ".json")  # names of files that are no saved student


def add_trust(parser: Any) -> None:
    """Add the option that names further types of a skops file to a command."""
    parser.add_argument(
        "--trust", action="append", default=[], metavar="TYPE",
        help="of a .skops file: make this type, too, such as mypackage.Learner (repeatable); those "
        "that skops knows and those that fit saves need not be named",
    )  # fmt: skip


def is_of_fit(model: Any) -> bool:
    """Return whether a model is one that ``fit`` saved."""
    return isinstance(model, Pipeline) and "table" in model.named_steps


def is_skops(path: str | None) -> bool:
    """Return whether the name of a file says that it is one of skops."""
    return path is not None and Path(path).suffix.lower() == ".skops"


def save(model: Pipeline, path: str) -> None:
    """Save a student, by skops or by joblib as the extension says; note if it needs skdistill."""
    with replacing(path) as new:
        if is_skops(path):
            _skops().dump(model, new, compression=ZIP_DEFLATED, compresslevel=6)
        else:
            dump(model, new)
    own = own_types(model)
    if own:
        note(
            f"{path} needs skdistill where it is loaded, for {', '.join(own)}; a file of "
            "`skdistill export` does not"
        )


def own_types(model: Any) -> list[str]:
    """Return the names of the classes and functions of skdistill that a saved model is made of."""
    found: set[str] = set()

    class Listing(pickle.Pickler):
        def reducer_override(self, part: Any) -> Any:
            named = part if hasattr(part, "__qualname__") else type(part)
            if str(named.__module__).partition(".")[0] == "skdistill":
                found.add(named.__qualname__)
            return NotImplemented

    Listing(io.BytesIO(), pickle.HIGHEST_PROTOCOL).dump(model)
    return sorted(found)


def check_format(args: argparse.Namespace, *also: str) -> None:
    """Find out now, not after the fit, that a package is missing, or a file is of another kind.

    Parameters
    ----------
    args : argparse.Namespace
        Of ``fit`` or ``search``.
    *also : str
        Extensions that the command takes beside those of this module.
    """
    suffix = Path(args.out).suffix.lower()
    if suffix in _EXPORTED and suffix not in also:
        raise CommandError(
            f"--out {args.out}: {args.command} saves a .joblib or .skops file, of which `skdistill "
            f"export` makes one of {suffix}; `skdistill search` can save an .onnx file at once"
        )
    if is_skops(args.out):
        _skops()


def load(path: str, trust: Sequence[str] = ()) -> Any:
    """Load a saved student.

    Parameters
    ----------
    path : str
        A file of skops where its extension says so, else one of joblib, which is said: it runs
        code.
    trust : sequence of str, default=()
        Types of a skops file that may be made beside those of `KNOWN`.

    Returns
    -------
    model : estimator

    Raises
    ------
    CommandError
        If it is no such file, or holds types that nobody named.
    ImportError
        If skops is needed and not installed.
    """
    if is_skops(path):
        return _load_skops(path, trust)
    if trust:
        raise CommandError(
            f"--trust is for .skops files, and {path} is none: loading it makes whatever it says"
        )
    _check_joblib(path)
    note(
        f"{path} is a joblib file, which runs code when it is loaded: load only files that you "
        "trust (fit --out NAME.skops saves one that runs none)"
    )
    return _loaded(path, lambda: joblib_load(path))


def _check_joblib(path: str) -> None:
    """Raise CommandError for a file that is no pickle, plain or compressed: it is not loaded."""
    with Path(path).open("rb") as file:
        first = file.read(max(map(len, _PICKLES)))
    if first.startswith(_PICKLES):
        return
    named = "; it may be a skops file: name it .skops" if first.startswith(b"PK") else ""
    raise CommandError(
        f"{path} is no joblib file, and nothing was loaded{named}. Expected is the .joblib or "
        ".skops file that `skdistill fit` or `skdistill search` saved; of the files of `skdistill "
        "export`, which are for other programs, `skdistill predict` reads .onnx"
    )


def _load_skops(path: str, trust: Sequence[str]) -> Any:
    skops = _skops()
    found = _loaded(path, lambda: skops.get_untrusted_types(file=path))
    unknown = sorted(set(found) - KNOWN - set(trust))
    if unknown:
        raise CommandError(
            f"{path} holds types that are neither of skdistill nor known to skops: "
            f"{listed(unknown, 30)}. Nothing was loaded. If you know where it is from, pass "
            f"{' '.join(f'--trust {name}' for name in unknown)}"
        )
    return _loaded(path, lambda: skops.load(path, trusted=found))


def _loaded(path: str, how: Any) -> Any:
    try:
        return how()
    except OSError:
        raise
    except Exception as error:  # whatever loading some other file may raise
        raise CommandError(
            f"{path} cannot be loaded ({error!r}): it is no file saved by `skdistill fit`, or "
            'lacks a package, such as those of pip install "skdistill[data]"'
        ) from error


def _skops() -> Any:
    try:
        from skops import io as skops
    except ImportError as error:
        raise CommandError('a .skops file needs skops: pip install "skdistill[skops]"') from error
    return skops
