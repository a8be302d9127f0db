"""What a fitted model says of its features, passed on by what stands around it."""

from typing import Any

from sklearn.base import MetaEstimatorMixin
from sklearn.utils.validation import check_is_fitted

__all__ = ["StudentAttributes", "passed_on"]


def passed_on(name: str, inner: str, doc: str) -> property:
    """Return a property that is an attribute of an inner model, and is missing where that lacks it.

    Parameters
    ----------
    name : str
        The attribute.
    inner : str
        The attribute of the outer model that holds the inner one.
    doc : str
        What it is.

    Returns
    -------
    attribute : property
    """

    def get(self: Any) -> Any:
        check_is_fitted(self)  # its error is an AttributeError, too
        model = getattr(self, inner)
        if hasattr(model, "steps"):
            raise AttributeError(
                f"{name} of a Pipeline would speak of the columns that its steps make: take it "
                f"from {inner}.steps[-1][1]."
            )
        return getattr(model, name)

    return property(get, doc=doc)


class StudentAttributes(MetaEstimatorMixin):
    """Coefficients and importances of `student_`, under the names that scikit-learn looks for.

    So `RFE` and `SelectFromModel` work on the distilled estimator. What the student lacks is
    missing here, too.
    """

    coef_ = passed_on("coef_", "student_", "Coefficients of a linear student.")
    intercept_ = passed_on("intercept_", "student_", "Intercepts of a linear student.")
    feature_importances_ = passed_on(
        "feature_importances_", "student_", "Importances of the features, (n_features,)."
    )
