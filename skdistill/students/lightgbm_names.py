"""The names that LightGBM knows its settings by."""

from typing import Any

__all__ = ["ALIASES", "setting"]

# Names that LightGBM knows a setting by; one beside that of the estimator's signature goes first.
ALIASES = {
    "boosting": ("boosting", "boost", "boosting_type"),
    "categorical_feature": (
        "categorical_feature",
        "cat_feature",
        "categorical_column",
        "cat_column",
        "categorical_features",
    ),
    "device_type": ("device_type", "device"),
    "early_stopping_round": (
        "early_stopping_round",
        "early_stopping_rounds",
        "early_stopping",
        "n_iter_no_change",
    ),
    "is_unbalance": ("is_unbalance", "unbalance", "unbalanced_sets"),
    "linear_tree": ("linear_tree", "linear_trees"),
    "max_delta_step": ("max_delta_step", "max_tree_output", "max_leaf_output"),
    "min_data_in_leaf": ("min_data_in_leaf", "min_data_per_leaf", "min_data", "min_child_samples"),
    "num_iterations": (
        "num_iterations",
        "num_iteration",
        "n_iter",
        "num_tree",
        "num_trees",
        "num_round",
        "num_rounds",
        "nrounds",
        "num_boost_round",
        "max_iter",
    ),
    "objective": ("objective_type", "app", "application", "loss", "objective"),
    "pred_early_stop": ("pred_early_stop",),
    "scale_pos_weight": ("scale_pos_weight",),
    "sigmoid": ("sigmoid",),
}


def setting(student: Any, name: str) -> Any:
    """Return a setting by whichever of its names it was given; None if by none."""
    params = student.get_params()
    given = [params[alias] for alias in ALIASES[name] if params.get(alias) is not None]
    return given[0] if given else None
