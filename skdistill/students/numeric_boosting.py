"""LightGBM and XGBoost regressors as students of numbers: their own objectives, on any device."""

from skdistill.students.base import Route
from skdistill.students.lightgbm import LightGBMDevice
from skdistill.students.numeric import NumericAdapter
from skdistill.students.xgboost import XGBoostDevice
from skdistill.targets.numeric_losses import Gamma, Tweedie

__all__ = ["LightGBMNumbers", "XGBoostNumbers"]


class LightGBMNumbers(LightGBMDevice, NumericAdapter):
    """A LightGBM regressor on pseudo-targets."""

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        inner = super().route
        where = "where its own objective runs"
        if isinstance(self.default_loss, Gamma | Tweedie):  # it has no CUDA version of these
            where = "which gets the gradients of each round from the CPU"
        return Route(inner.name, inner.reason + self.where(where))


class XGBoostNumbers(XGBoostDevice, NumericAdapter):
    """An XGBoost regressor on pseudo-targets."""
