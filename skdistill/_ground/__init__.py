"""The ground floor: arrays, tables, devices, threads, files, and what learners are and answer.

In: what a user passes (arrays, tables, labels, weights, estimators). Out: the same, checked, as
arrays of one namespace or as a `Data`; answers of a learner with its columns in order. Also
figures with their errors and costs. Every room knows this one; it knows none of them.
"""
