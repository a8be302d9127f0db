"""Out-of-core distillation: rows that stay in Parquet files, read batch by batch.

In: a `DistilledClassifier` or `DistilledRegressor` with its settings, a folder of Parquet files,
the name of the target. Out: the estimator, fitted; what its teachers said, out of fold, in a
Parquet file of its own. In memory are the bins that LightGBM or XGBoost make of the features, a
byte a cell, and besides them some numbers per row.
"""

from skdistill.outofcore.distilling import distil_parquet

__all__ = ["distil_parquet"]
