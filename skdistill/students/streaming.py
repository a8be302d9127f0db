"""What learners of rows in files must leave unset, whatever their package."""

from skdistill.exceptions import StudentError

__all__ = ["unsupported"]


def unsupported(setting: str, whose: str) -> StudentError:
    """Return the error for a setting that only a learner's own `fit` honours.

    Parameters
    ----------
    setting : str
        Its name, with its value or without.
    whose : str
        "teacher" or "student".
    """
    return StudentError(
        f"{setting} of the {whose} is not supported for rows that are not in memory: leave it "
        "unset, or distil on rows in memory, a sample for instance."
    )
