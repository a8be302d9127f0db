"""Pipelines and ColumnTransformers on the columns that what is behind them uses."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skdistill._ground.compat import take_columns
from skdistill.export.narrowing.registry import (
    Columns,
    learns,
    narrowed,
    place_of,
    step_of,
    steps,
    used,
)
from skdistill.export.reading.preparing import columns_chosen

__all__: list[str] = []


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _needs(step: Any, wanted: Columns) -> Columns:
    """Return the columns that some of the outputs of a step are made of."""
    if _is_nothing(step):
        return wanted
    known = step_of(step)
    return np.arange(step.n_features_in_) if known is None else known.needs(step, wanted)


def _on(step: Any, columns: Columns, X: Any, wanted: Columns) -> tuple[Any, Columns]:
    """Return a step on fewer columns, and which of its outputs it makes."""
    if _is_nothing(step):
        return step, columns
    known = step_of(step)
    if known is None or len(columns) == step.n_features_in_:
        width = step.transform(X).shape[1]
        return step, np.arange(width)
    return known.on(step, columns, X, wanted)


def _path(model: Pipeline, wanted: Columns) -> list[Columns]:
    """Return the columns that are wanted before each step, and of the last that transforms."""
    path = [wanted]
    for _, step in reversed(_before(model)):
        path.append(_needs(step, path[-1]))
    return path[::-1]


def _before(model: Pipeline) -> list[tuple[str, Any]]:
    """Return the steps that transform."""
    return list(model.steps if hasattr(model.steps[-1][1], "transform") else model.steps[:-1])


def _down(
    model: Pipeline, columns: Columns, X: Any, wanted: Columns
) -> tuple[list[tuple[str, Any]], Columns, Any]:
    """Return the steps that transform, which outputs they make, and the rows there."""
    made = []
    for (name, step), own in zip(_before(model), _path(model, wanted)[1:], strict=True):
        new, columns = _on(step, columns, X, own)
        if not _is_nothing(new):
            X = new.transform(X)
            made.append((name, new))
    return made, columns, X


def _pipeline_uses(model: Pipeline) -> Columns:
    return _path(model, used(model.steps[-1][1]))[0]


def _pipeline_on(model: Pipeline, columns: Columns, X: Any) -> Pipeline:
    name, last = model.steps[-1]
    made = copy(model)
    before, columns, X = _down(model, columns, X, used(last))
    made.steps = [*before, (name, narrowed(last, columns, X))]
    return made


learns("sklearn.Pipeline", uses=_pipeline_uses, on=_pipeline_on)


def _inner_needs(model: Pipeline, wanted: Columns) -> Columns:
    return _path(model, wanted)[0]


def _inner_on(model: Pipeline, columns: Columns, X: Any, wanted: Columns) -> tuple[Any, Columns]:
    made, outputs, _ = _down(model, columns, X, wanted)
    return Pipeline(made) if made else None, outputs


steps("sklearn.Pipeline", needs=_inner_needs, on=_inner_on)


def _transformer_needs(model: Any, wanted: Columns) -> Columns:
    if hasattr(model, "_sklearn_output_config"):  # frames: by the names of their columns
        return np.arange(model.n_features_in_)
    parts = [columns[_needs(step, own)] for _, step, columns, own in _parts(model, wanted)]
    return np.unique(np.concatenate(parts))


def _parts(model: Any, wanted: Columns) -> list[tuple[str, Any, Columns, Columns]]:
    """Return of each step that makes some of the outputs its name, columns, and these outputs."""
    parts = []
    for name, step, chosen in model.transformers_:
        made = model.output_indices_[name]
        own = wanted[(wanted >= made.start) & (wanted < made.stop)] - made.start
        if len(own):
            parts.append((name, step, np.array(columns_chosen(model, chosen)), own))
    return parts


def _transformer_on(
    model: Any, columns: Columns, X: Any, wanted: Columns
) -> tuple[ColumnTransformer, Columns]:
    place, names = place_of(columns, model.n_features_in_), getattr(X, "columns", None)
    new, outputs = [], []
    for name, step, own, kept in _parts(model, wanted):
        needed = _needs(step, kept)
        at = place[own[needed]].tolist()
        part, made = _on(step, needed, take_columns(X, at), kept)
        frozen = "passthrough" if _is_nothing(part) else FrozenEstimator(part)
        called = "others" if name == "remainder" else name  # which is a word of its own
        new.append((called, frozen, at if names is None else [names[each] for each in at]))
        outputs.append(made + model.output_indices_[name].start)
    settings = {
        "transformer_weights": model.transformer_weights,
        "verbose_feature_names_out": model.verbose_feature_names_out,
        "sparse_threshold": 1.0 if model.sparse_output_ else 0.0,
    }
    return ColumnTransformer(new, **settings).fit(X), np.concatenate(outputs)


steps("sklearn.ColumnTransformer", needs=_transformer_needs, on=_transformer_on)
