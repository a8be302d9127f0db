"""Columns of any kind to numbers, by skrub's TableVectorizer."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skdistill.cli.columns import CATEGORIES, OWN, Column, remembered
from skdistill.cli.files import extra
from skdistill.cli.unseen import categories, tell_empty, tell_unseen

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["make_vectoriser", "sources", "vectorise"]


def make_vectoriser(
    seed: int,
    columns: Sequence[Column] = (),
    ids: Sequence[str] = (),
    target: Mapping[str, Any] = MappingProxyType({}),
) -> Pipeline:
    """Return skrub's TableVectorizer, giving a NumPy array (NaN where missing).

    Numbers pass through, in single precision; those that it could not tell apart (such as ten-digit
    codes) in double precision and minus their mean, by which learners of single precision see more
    of them. Dates become year, month, day and seconds; categories are one-hot encoded (an unseen
    one is all zeros, a missing one has its own column); text becomes 30 components of its
    character n-grams.

    Parameters
    ----------
    seed : int
    columns : sequence of Column, default=()
        What is known of the columns; skrub finds out about others.
    ids : sequence of str, default=()
        Columns to carry to the predictions.
    target : mapping, default={}
        What ``predict`` must know of what is predicted.

    Returns
    -------
    vectoriser : Pipeline
        Unfitted. `get_feature_names_out` names its columns; its `columns_` is what ``predict``
        must know of those of the table, and belongs to what is saved.
    """
    skrub = extra("skrub")
    texts = skrub.StringEncoder(random_state=seed)
    many = OneHotEncoder(
        dtype="float32", handle_unknown="infrequent_if_exist", sparse_output=False,
        max_categories=OWN + 1,
    )  # fmt: skip
    wide = [c.name for c in columns if c.wide]
    text = [c.name for c in columns if c.kind == "text"]
    large = [c.name for c in columns if c.kind == "category" and c.different > CATEGORIES]
    specific = [(StandardScaler(with_std=False), wide), (texts, text)]
    table = skrub.TableVectorizer(
        cardinality_threshold=CATEGORIES,
        low_cardinality=OneHotEncoder(
            dtype="float32", handle_unknown="ignore", sparse_output=False
        ),
        high_cardinality=texts,
        specific_transformers=[
            *((each, names) for each, names in specific if names),
            *((many, [name]) for name in large),
        ],
    )
    # A plain array: learners object to some column names (LightGBM to a comma or a bracket).
    array = FunctionTransformer(np.asarray, feature_names_out="one-to-one")
    made = Pipeline([("table", table), ("array", array)])
    made.columns_ = remembered(columns, ids) | {"target": dict(target)}
    return made


def sources(fitted: Pipeline) -> list[str]:
    """Return the column of the table that each column of a fitted `make_vectoriser` is made of."""
    table = fitted.named_steps["table"]
    return [table.output_to_input_[name] for name in table.get_feature_names_out()]


def vectorise(fitted: Pipeline, frame: "pd.DataFrame", path: str) -> np.ndarray:
    """Turn rows that the vectoriser was not fitted on into numbers, and say what is new in them.

    Parameters
    ----------
    fitted : Pipeline
        A fitted `make_vectoriser`, or one with a student behind it.
    frame : pandas.DataFrame
        The columns it was fitted on, typed; rows numbered from 0 as in the file.
    path : str
        Where `frame` is from, for messages.

    Returns
    -------
    X : ndarray of shape (n, d)
    """
    X = fitted.named_steps["array"].transform(fitted.named_steps["table"].transform(frame))
    kinds = fitted.named_steps["table"].kind_to_columns_.values()
    used = {name for names in kinds for name in names}
    tell_empty([name for name in frame if name in used], frame, path)
    tell_unseen(categories(fitted), frame, path)
    return X
