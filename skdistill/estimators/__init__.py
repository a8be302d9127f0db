"""Estimators: what a user holds.

In: X, y and what scikit-learn's interface adds (weights, groups, routed metadata, random state).
Out: `student_`, its `report_` and `verdict_`. Thin: `fit` checks, asks the rooms below for one
stage after the other, and keeps their records as attributes; nothing below sees `self`.
"""
