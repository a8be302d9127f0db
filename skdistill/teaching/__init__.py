"""Teaching: what the teacher honestly says of each row.

In: a teacher, rows, labels, splits (`Folds`). Out: probabilities of each row from teachers that
never saw it (`OutOfFold`), calibrated out of fold, and with the labels a `Labels` record; the
`Pool` holds the teachers that left two folds out, for choices that must be honest as well. A model
elsewhere gets its folds by `export_folds`, and what it says comes back by `read_answers`.
"""

from skdistill.teaching.outside import OutsideAnswers, export_folds, read_answers

__all__ = ["OutsideAnswers", "export_folds", "read_answers"]
