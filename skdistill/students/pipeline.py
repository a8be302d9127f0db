"""Route of pipelines: preprocessing as usual, then the route of the last step.

The steps before the last see each row once, with its true label: scalers are not skewed by weighted
copies, and supervised encoders are not fooled by pseudo-labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sklearn import get_config
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from skdistill._ground.learners import predictors_in
from skdistill._ground.validation import brief, is_estimator
from skdistill.exceptions import StudentError, StudentTypeError
from skdistill.students.base import Adapter, Fitted, Problem, Route
from skdistill.targets.losses import Loss

__all__ = ["PipelineAdapter", "check_student"]


def check_student(student: Any) -> None:
    """Raise StudentError for what no task can distil into, whatever the learner."""
    if not is_estimator(student):
        raise StudentTypeError(
            "student must be a scikit-learn estimator (an object, not a class), got "
            f"{brief(student)}."
        )
    if any(isinstance(part, FrozenEstimator) for part in predictors_in(student)):
        raise StudentError(
            f"the student {type(student).__name__} is frozen, or holds a learner that is: it would "
            "learn nothing from the teacher. Pass it unfrozen."
        )
    _check_no_sampler(student)


def _check_no_sampler(student: Any) -> None:
    """Raise StudentError for a student with a step that makes or drops rows (imbalanced-learn)."""
    for part in predictors_in(student):
        steps = [step for _, step in part.steps] if isinstance(part, Pipeline) else [part]
        for step in (each for each in steps if hasattr(each, "fit_resample")):
            raise StudentError(
                f"{type(step).__name__} makes or drops rows by their labels, and the teacher's "
                "probabilities belong to the rows as they are: leave it out of the student. To "
                "weigh the classes, give the learner class_weight, or the rows sample_weight; the "
                "teacher may be resampled."
            )


class PipelineAdapter(Adapter):
    """Fits all steps but the last as usual, and the last by its own adapter.

    Parameters
    ----------
    student : Pipeline
        Ends in a learner that some route serves.
    last : Adapter
        Adapter of that learner.
    """

    def __init__(self, student: Pipeline, last: Adapter) -> None:
        super().__init__(student)
        self.last = last
        self.default_loss = last.default_loss

    @property
    def route(self) -> Route:
        """The route of the last step, and why."""
        inner = self.last.route
        return Route(f"pipeline > {inner.name}", f"after the steps before it, {inner.reason}")

    @property
    def grows(self) -> bool:
        """Whether a soft target makes the last step larger than the labels would."""
        return self.last.grows

    @property
    def excess(self) -> str:
        """Why the last step may be larger than the direct one all the same."""
        return self.last.excess

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the last step's route cannot honour a setting."""
        self.last.check(loss, n_rows, weighted=weighted)

    def on_device(self, device: str) -> Adapter:
        """Return the adapter with the last step on `device`."""
        return (
            self if device == "cpu" else PipelineAdapter(self.student, self.last.on_device(device))
        )

    def with_bounded_steps(self) -> Adapter | None:
        """Return the adapter with the steps of its last bounded, if that has any without."""
        last = self.last.with_bounded_steps()
        return None if last is None else PipelineAdapter(self.student, last)

    def runs_away(self, fitted: Fitted) -> bool:
        """Whether the last step does."""
        return self.last.runs_away(replace(fitted, model=fitted.model.steps[-1][1]))

    def with_threads(self, threads: int | None) -> Adapter:
        """Return the adapter with all steps at most at `threads` threads."""
        other = super().with_threads(threads)
        return PipelineAdapter(other.student, self.last.with_threads(threads))

    def fit(self, problem: Problem) -> Fitted:
        """Fit the steps in turn and put them together again."""
        return self.fit_many([problem])[0]

    def fit_many(self, problems: Sequence[Problem]) -> list[Fitted]:
        """Fit the steps before the last once, and the last to each problem."""
        first = problems[0]
        head = clone(self.student)[:-1]
        head_params, last_params = self._split_params(head, first.params)
        X = head.fit_transform(first.X, first.labels, **head_params) if len(head) else first.X
        last = self.last.fit_many(
            [replace(p, X=X, params=last_params, direct=_last(p.direct)) for p in problems]
        )
        name = self.student.steps[-1][0]
        return [
            replace(
                fitted,
                model=clone(self.student).set_params(steps=[*head.steps, (name, fitted.model)]),
            )
            for fitted in last
        ]

    def _split_params(
        self, head: Pipeline, params: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the metadata that the steps before the last consume, and what the last does."""
        if not params:
            return {}, {}
        if not get_config()["enable_metadata_routing"]:
            raise StudentError(
                f"metadata {sorted(params)} for a Pipeline student needs metadata routing: call "
                "sklearn.set_config(enable_metadata_routing=True) and set the steps' requests."
            )
        head_names = head.get_metadata_routing().consumes("fit_transform", params.keys())
        last_names = get_routing_for_object(self.last.student).consumes("fit", params.keys())
        return (
            {key: params[key] for key in head_names},
            {key: params[key] for key in last_names},
        )


def _last(direct: Fitted | None) -> Fitted | None:
    """Return the last step of a fitted direct student."""
    return None if direct is None else replace(direct, model=direct.model.steps[-1][1])
