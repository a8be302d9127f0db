"""Rows: on which rows, and with which weights, a student is distilled.

In: the labelled rows with their targets, and what stands beside them: unlabelled rows, a request
for synthetic ones, another distribution of rows, soft labels alone. Out: a `Transfer`, stacked
rows with a teacher's probabilities and weights, each made from the rows of one fold only.
"""
