"""Every error and warning that skdistill raises by name.

::

    SkdistillError
    ├── InputError (ValueError)          data or weights that cannot be distilled
    ├── ParameterError (ValueError)      a parameter out of range, or one that would be ignored
    │   └── BudgetError                  a search that ended with no student within its budget
    ├── FoldError (ValueError)           splits that cannot be used for cross-fitting
    ├── TeacherError (ValueError)        the teacher lacks a method, or failed in a fold
    │   └── TeacherTypeError (TypeError)
    ├── StudentError (ValueError)        no route can serve the student, or honour a setting
    │   └── StudentTypeError (TypeError)
    ├── EngineError (ValueError)         a cluster out of reach, unequal, or losing its workers
    └── ExportError (ValueError)         a model that a format cannot express, or not exactly

    SkdistillWarning (UserWarning)
    ├── LeakWarning                      numbers that look out of fold and are not
    ├── CoverageWarning                  rows that no fold covers
    └── RareClassWarning                 classes of hardly any rows in a fold

Each is also a built-in ``ValueError`` or ``TypeError``, so that code that knows only scikit-learn
catches what it expects.
"""

__all__ = [
    "BudgetError",
    "CoverageWarning",
    "EngineError",
    "ExportError",
    "FoldError",
    "InputError",
    "LeakWarning",
    "ParameterError",
    "RareClassWarning",
    "SkdistillError",
    "SkdistillWarning",
    "StudentError",
    "StudentTypeError",
    "TeacherError",
    "TeacherTypeError",
]


class SkdistillError(Exception):
    """Base of all errors of this package."""


class InputError(SkdistillError, ValueError):
    """Data, labels, weights or probabilities that cannot be distilled."""


class ParameterError(SkdistillError, ValueError):
    """A parameter out of range, unknown, or without effect in the given combination."""


class BudgetError(ParameterError):
    """A search that ended with no student within its budget; what it found is kept."""


class FoldError(SkdistillError, ValueError):
    """Splits that cannot be used for cross-fitting."""


class TeacherError(SkdistillError, ValueError):
    """A teacher without the needed methods, or one that failed in a fold."""


class TeacherTypeError(TeacherError, TypeError):
    """A teacher that failed in a fold with a ``TypeError``, or is of an unusable kind."""


class StudentError(SkdistillError, ValueError):
    """A student that no route can serve, or a setting that its route cannot honour."""


class StudentTypeError(StudentError, TypeError):
    """A student of an unusable kind."""


class EngineError(SkdistillError, ValueError):
    """A cluster that cannot be reached, has other versions, or lost its workers."""


class ExportError(SkdistillError, ValueError):
    """A model that a format cannot express, or whose file was shown to say something else."""


class SkdistillWarning(UserWarning):
    """Base of all warnings of this package."""


class LeakWarning(SkdistillWarning):
    """Probabilities that look out of fold but have seen the labels of their rows."""


class CoverageWarning(SkdistillWarning):
    """Rows that no fold covers, and that the student is therefore not fitted on."""


class RareClassWarning(SkdistillWarning):
    """Classes of hardly any rows in a fold: a teacher can learn little of them."""
