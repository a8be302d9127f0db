"""Choosing: how far to correct, which student, and whether distilling paid.

In: candidates (student, strength, loss, ...) and the pool of teachers. Out: `strength="auto"`,
row losses of every candidate on rows that neither it nor its teacher saw, `cv_results_`, the
choice among them, and a `Verdict` with its interval against the student trained directly.
"""

from skdistill.choosing.verdict import StudentVerdict, Verdict

__all__ = ["StudentVerdict", "Verdict"]
