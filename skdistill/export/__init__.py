"""A fitted student leaves Python: a model and rows come in, a file that was proved equal goes out.

A reader of each kind of learner (`reading`) makes a tree of small records of it (`pieces`), a
format writes these, and the file is run on rows next to every threshold before it is kept
(`proof`): exact, or refused. `ship` gives the plain student itself, by the same proof.
"""

from skdistill.export.boosters import to_lightgbm, to_xgboost
from skdistill.export.c import to_c
from skdistill.export.decoded import DecodedClassifier
from skdistill.export.description import to_json
from skdistill.export.exported import Exported
from skdistill.export.onnx import to_onnx
from skdistill.export.shipped import ship
from skdistill.export.sorted_levels import SortedRegressors
from skdistill.export.sql import to_sql
from skdistill.export.treelite import to_treelite

__all__ = [
    "DecodedClassifier",
    "Exported",
    "SortedRegressors",
    "ship",
    "to_c",
    "to_json",
    "to_lightgbm",
    "to_onnx",
    "to_sql",
    "to_treelite",
    "to_xgboost",
]
