"""JSON: a versioned description of what the student computes, for readers of one's own."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export import columns, pieces
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.numpy_run import choose, compute
from skdistill.export.pieces import Answer, Decision, Piece, Trees, every_piece
from skdistill.export.proof import Said
from skdistill.export.shipping import Format, produce
from skdistill.export.tables import Table

__all__ = ["JSON", "VERSION", "to_json"]

VERSION = 1
TREES = ("roots", "feature", "threshold", "yes", "no", "missing_yes")
NAMED = {np.inf: "Infinity", -np.inf: "-Infinity"}  # JSON has no words for them; NaN is null


@documented("description")
def to_json(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write a fitted student as a JSON description of what it computes.

    The description has ``format`` ("skdistill"), ``version`` (1), ``columns``, those of them that
    are ``dates`` (and come as seconds since 1970, in UTC) and ``steps``: each is an ``operation``
    of `skdistill.export.pieces`, the numbers of the steps that it is ``of``, and its constants.
    ``answer`` is the step that gives the probabilities in the order of ``classes``, or the
    predictions; ``decision`` says how the label is told. A missing number is null. It is read back
    and run in NumPy as `to_onnx` runs its graph.

    Parameters
    ----------
    $model
    $X
    $path
    $tolerance

    Returns
    -------
    $exported

    Raises
    ------
    $ExportError
    $NotFittedError
    $OSError

    Examples
    --------
    >>> import json
    >>> from sklearn.linear_model import LinearRegression
    >>> from skdistill.export import to_json
    >>> model = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])
    >>> told = json.loads(to_json(model, [[0.0], [1.0]]).content)
    >>> [step["operation"] for step in told["steps"]]
    ['Rows', 'Affine']
    """
    return produce(JSON, model, X, path=path, labels=True, tolerance=tolerance)


def _write(answer: Answer, table: Table, _: Any) -> bytes:
    decision = answer.decision
    roots = [answer.piece, *([] if decision is None else [decision.of])]
    steps = list(every_piece(*roots))
    number = {id(piece): place for place, piece in enumerate(steps)}
    told: dict[str, Any] = {
        "format": "skdistill",
        "version": VERSION,
        "columns": [str(name) for name in table.names],
        "dates": table.dated,
        "steps": [_step(piece, [number[id(each)] for each in piece.inputs]) for piece in steps],
        "answer": number[id(answer.piece)],
    }
    if answer.classes is not None and decision is not None:
        told["classes"] = answer.classes.tolist()
        told["decision"] = {
            "of": number[id(decision.of)],
            "threshold": decision.threshold,
            "inclusive": decision.inclusive,
        }
    return json.dumps(told, indent=1, allow_nan=False).encode()


def _step(piece: Piece, of: list[int]) -> dict[str, Any]:
    own = {each.name: getattr(piece, each.name) for each in fields(piece)}  # type: ignore[arg-type]
    told = {name: _plain(value) for name, value in own.items() if name not in {"of", "parts"}}
    return {"operation": type(piece).__name__, "of": of} | told


def _plain(value: Any) -> Any:
    """Return a constant as JSON has it; arrays with their dtype, so that rounding is kept."""
    if isinstance(value, Trees):
        told = {name: _plain(getattr(value, name)) for name in TREES}
        members = {str(node): _plain(each) for node, each in value.members.items()}
        return told | {"leaves": value.n_leaves, "strict": value.strict, "members": members}
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "values": _nested(value.tolist())}
    return _nested(list(value) if isinstance(value, tuple) else value)


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [_nested(each) for each in value]
    if isinstance(value, float) and not np.isfinite(value):
        return NAMED.get(value)
    return value


def read_back(content: bytes) -> Answer:
    """Return what a description describes.

    Parameters
    ----------
    content : bytes
        Of `to_json`.

    Returns
    -------
    answer : Answer

    Raises
    ------
    ExportError
        If it is of another version.
    """
    told = json.loads(content)
    if (told.get("format"), told.get("version")) != ("skdistill", VERSION):
        raise ExportError(
            f"a description of version {VERSION} was expected, got {told.get('version')!r} of "
            f"{told.get('format')!r}."
        )
    steps: list[Piece] = []
    for step in told["steps"]:
        steps.append(_piece(step, steps))
    answer = steps[told["answer"]]
    if "decision" not in told:
        return Answer(answer)
    asked = told["decision"]
    decision = Decision(steps[asked["of"]], asked["threshold"], asked["inclusive"])
    return Answer(answer, np.array(told["classes"]), decision)


def _piece(step: dict[str, Any], known: list[Piece]) -> Piece:
    name = step["operation"]
    kind = getattr(pieces, name, None) or getattr(columns, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Piece)):
        raise ExportError(f"a description knows no operation {step['operation']!r}.")
    given = [known[number] for number in step["of"]]
    own: dict[str, Any] = {}
    for each in fields(kind):
        if each.name in {"of", "parts"}:
            own[each.name] = given[0] if each.name == "of" else tuple(given)
        else:
            own[each.name] = _value(step[each.name])
    return kind(**own)


def _value(told: Any) -> Any:
    if isinstance(told, list):
        return tuple(told)
    if not isinstance(told, dict):
        return np.nan if told is None else told
    if "roots" in told:
        members = {int(node): _value(each) for node, each in told["members"].items()}
        arrays = {name: _value(told[name]) for name in TREES}
        return Trees(n_leaves=told["leaves"], strict=told["strict"], members=members, **arrays)
    words = {None: np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    is_text = told["dtype"] == "object"
    values = told["values"] if is_text else _replaced(told["values"], words)
    return np.array(values, dtype=told["dtype"])


def _replaced(values: Any, words: dict[Any, float]) -> Any:
    if isinstance(values, list):
        return [_replaced(each, words) for each in values]
    return words.get(values, values)


def _runner(content: bytes, _: Answer) -> Callable[[Table], Said]:
    answer = read_back(content)

    def run(rows: Table) -> Said:
        numbers = compute(answer.piece, rows)
        if answer.decision is None or answer.classes is None:
            return Said(numbers)
        return Said(numbers, answer.classes[choose(answer.decision, rows)])

    return run


JSON = Format("json", (), _write, _runner)
