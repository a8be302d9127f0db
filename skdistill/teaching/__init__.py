"""Teaching: what the teacher honestly says of each row.

In: a teacher, rows, labels, splits (`Folds`). Out: probabilities of each row from teachers that
never saw it (`OutOfFold`), calibrated out of fold, and with the labels a `Labels` record; the
`Pool` holds the teachers that left two folds out, for choices that must be honest as well.
"""
