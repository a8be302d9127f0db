"""Route "mlp": the network of this package on the soft target itself."""

from typing import Any

from sklearn.base import clone

from skdistill._ground.devices import cupy_obstacle
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Problem, Route, redefines
from skdistill.students.soft_mlp import SoftMLPClassifier, check_network
from skdistill.targets.losses import Brier, CrossEntropy, Loss

__all__ = ["MLPAdapter", "is_network"]


def is_network(student: Any) -> bool:
    """Whether the route is for this student: a subclass may fit to labels only."""
    return isinstance(student, SoftMLPClassifier) and not redefines(student, "skdistill", "fit")


class MLPAdapter(Adapter):
    """Fits a `SoftMLPClassifier` to soft or signed targets; held-out rows count by their labels."""

    default_loss = "cross_entropy"

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        where = ", on the GPU" if self.student.device == "cuda" else ""
        return Route(
            "mlp",
            f"{type(self.student).__name__} is trained on the soft target itself, and stopped by "
            f"true labels{where}",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        if not isinstance(loss, Brier | CrossEntropy):
            raise StudentError(
                f"loss={loss.name!r} has targets that are no class probabilities, which "
                f"{type(self.student).__name__} needs: use loss='cross_entropy' or 'brier'."
            )
        check_network(self.student)

    def gpu_obstacle(self) -> str | None:
        """Return why CuPy cannot be used, None if it can."""
        return cupy_obstacle()

    def on_gpu(self) -> Adapter:
        """Return the adapter of the same student with its `device` set."""
        return type(self)(clone(self.student).set_params(device="cuda"))

    def fit(self, problem: Problem) -> Fitted:
        """Fit to the target; the network undoes the temperature in its last layer."""
        model = clone(self.student)
        keywords = self.fit_keywords(problem.weight, problem.params)
        temperature = getattr(problem.loss, "temperature", 1.0)
        told = {"labels": problem.codes, "temperature": temperature}
        model.fit(problem.X, problem.target, **told, **keywords)
        model.classes_ = problem.classes
        return Fitted(model)
