"""``python -m benchmarks.glm_tables``: a booster of claim counts into a table of factors.

What insurers ship is a product of one factor per feature and level. The package insurance-distill
makes such tables of a booster, asked in sample about the rows that it was fitted to; here they are
compared, on its own kind of data (counts with an exposure, made by a seed), with a Poisson
regression of the same number of levels, trained directly and distilled. Its two ways are left out
where it is not installed (``pip install insurance-distill lightgbm``); the raw rows say with which
version it was measured.
"""

import argparse
import importlib.metadata
import importlib.util
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer
from sklearn.tree import DecisionTreeRegressor

from benchmarks.numbers import counts
from benchmarks.ratios import geometric_mean
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill._ground.numeric_metrics import gini_index
from skdistill.students import DirectRegressor, resolve_regressor

BINS = 10  # levels of a feature, at most
N_TEST = 20_000
LEAST = 1e-6  # of a prediction
PENALTY = 1e-3  # of the table
ALPHAS = (1e-4, 1e-3, 1e-2, 1e-1)  # penalties that the honest choice tries, both ways
LASSO = 0.001  # its default of 1 leaves no feature
PEER = "insurance-distill"
KEY = ("rate", "n_rows", "seed", "method")
Floats = Any


@dataclass(frozen=True)
class Row:
    """One way of making a table of factors, on one sample."""

    rate: float  # expected claims a year
    n_rows: int
    seed: int
    method: str
    deviance: float  # mean Poisson deviance of the test rows, weighted by exposure
    gini: float  # normalised, of the claims of the test rows in the order of the predictions
    concentration: float  # Gini of the predictions themselves, which the package reports
    fidelity: float  # share of the booster's deviance around its mean that is explained
    cells: float  # levels of the table; leaves of a tree
    seconds: float  # to fit; of ours the fold teachers are in it
    note: str


@dataclass(frozen=True)
class Sample:
    """Training rows with exposures, test rows, and the booster of all training rows."""

    X: Floats
    y: Floats
    exposure: Floats
    X_test: Floats
    booster: Any

    @property
    def columns(self) -> list[str]:
        """Names for frames."""
        return [f"x{j}" for j in range(self.X.shape[1])]


@dataclass(frozen=True)
class Made:
    """What a way predicts of the test rows, the levels of its table, and a note."""

    said: Floats
    cells: float
    note: str = ""


def booster() -> Any:
    """Return the teacher."""
    return lightgbm.LGBMRegressor(
        n_estimators=150, learning_rate=0.05, num_leaves=15, objective="poisson", random_state=0,
        n_jobs=1, verbose=-1,
    )  # fmt: skip


def table_student() -> Any:
    """Return a table of factors: as many levels, between quantiles; a little penalty."""
    bins = KBinsDiscretizer(BINS, encode="onehot-dense")
    return make_pipeline(bins, PoissonRegressor(alpha=PENALTY, max_iter=1000))


def tree_student() -> Any:
    """Return a tree of about as many leaves as the table has levels."""
    return DecisionTreeRegressor(
        criterion="poisson", max_leaf_nodes=8 * BINS, min_samples_leaf=5, random_state=0
    )


def direct(sample: Sample) -> Made:
    """Train the table on the claims."""
    return _of(sample, _trained(sample, table_student()))


def distilled(sample: Sample) -> Made:
    """Distil the booster into the table with the defaults."""
    model = DistilledRegressor(booster(), table_student(), random_state=0)
    model.fit(sample.X, sample.y, sample.exposure)
    return _of(sample, model.student_, f"strength {model.strength_:.2f}")


def plain(sample: Sample) -> Made:
    """Distil out of fold, and nothing else: the package's way without its leak."""
    model = DistilledRegressor(
        booster(), table_student(), strength=0.0, calibration=None, random_state=0
    )
    return _of(sample, model.fit(sample.X, sample.y, sample.exposure).student_)


def honest(sample: Sample) -> dict[str, Made]:
    """Choose penalty and strength honestly; and the best penalty of the direct table."""
    grid = {"poissonregressor__alpha": list(ALPHAS)}
    model = DistilledRegressorCV(
        booster(), (table_student(), grid), calibrations=("linear",), random_state=0
    ).fit(sample.X, sample.y, sample.exposure)
    table = model.cv_results_
    of_direct = [i for i, each in enumerate(table["params"]) if each["strength"] == 1.0]
    best = max(of_direct, key=lambda i: table["mean_test_score"][i])
    tuned = _trained(sample, table["params"][best]["student"])
    note = f"{model.verdict_.outcome}; {model.verdict_.fitted}"
    return {"honest": _of(sample, model.student_, note), "direct, tuned": _of(sample, tuned)}


def tree(sample: Sample) -> Made:
    """Train the tree on the claims."""
    return _of(sample, _trained(sample, tree_student()))


def tree_distilled(sample: Sample) -> Made:
    """Distil the booster into the tree with the defaults."""
    model = DistilledRegressor(booster(), tree_student(), random_state=0)
    model.fit(sample.X, sample.y, sample.exposure)
    return _of(sample, model.student_, f"strength {model.strength_:.2f}")


def _trained(sample: Sample, student: Any) -> Any:
    model = DirectRegressor(resolve_regressor(student))
    return model.fit(sample.X, sample.y, sample.exposure).fitted_.model


def _of(sample: Sample, model: Any, note: str = "") -> Made:
    last = model[-1] if hasattr(model, "steps") else model
    cells = last.tree_.n_leaves if hasattr(last, "tree_") else len(last.coef_)
    return Made(model.predict(sample.X_test), float(cells), note)


def surrogate(sample: Sample, alpha: float = 0.0) -> Made:
    """Make the table by the package's `SurrogateGLM`, with its defaults but for a penalty.

    It predicts no new rows, so its table is read as an insurer reads it: base times factors.
    """
    import polars as pl
    from insurance_distill import SurrogateGLM

    given = pl.DataFrame(sample.X, schema=sample.columns)
    taught = _OnArrays(sample.booster)
    model = SurrogateGLM(taught, given, sample.y, sample.exposure, alpha=alpha)
    report = model.fit(max_bins=BINS).report()
    asked = pl.DataFrame(sample.X_test, schema=sample.columns)
    base = report.glm_coefficients["log_coefficient"][0]
    score = np.full(len(sample.X_test), float(base))
    for name, table in report.factor_tables.items():
        factor = dict(zip(table["level"], table["log_coefficient"], strict=True))
        levels = report.bin_specs[name].apply(asked[name]).cast(pl.String)
        score += np.array([factor[level] for level in levels])
    return Made(np.exp(score), float(sum(map(len, report.factor_tables.values()))))


def lasso(sample: Sample) -> Made:
    """Make the table by the package's `LassoGuidedGLM`: the booster sets the bins only."""
    import polars as pl
    from insurance_distill import LassoGuidedGLM

    model = LassoGuidedGLM(
        sample.booster, sample.columns, n_bins=BINS, alpha=LASSO, family="poisson"
    )
    model.fit(pl.DataFrame(sample.X, schema=sample.columns), sample.y, exposure=sample.exposure)
    said = model.predict(pl.DataFrame(sample.X_test, schema=sample.columns))
    return Made(said, float(sum(map(len, model.factor_tables().values()))))


class _OnArrays:
    """Asks a learner of arrays with a frame of polars."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, X: Any) -> Any:
        """Return the predictions."""
        return self.model.predict(X.to_numpy())


METHODS: dict[str, Callable[[Sample], Made | dict[str, Made]]] = {
    "booster": lambda sample: Made(sample.booster.predict(sample.X_test), np.nan),
    "direct": direct,
    "plain": plain,
    "distilled": distilled,
    "honest": honest,
    "tree, direct": tree,
    "tree, distilled": tree_distilled,
    PEER: surrogate,
    f"{PEER}, penalty": partial(surrogate, alpha=PENALTY),
    f"{PEER}, lasso": lasso,
}
TITLES = {
    "booster": "the booster itself",
    "direct": "table, trained directly",
    "direct, tuned": "table, trained directly, penalty chosen",
    "plain": "table, distilled out of fold, strength 0",
    "distilled": "table, `DistilledRegressor`, defaults",
    "honest": "table, `DistilledRegressorCV`",
    PEER: f"{PEER}, `SurrogateGLM`",
    f"{PEER}, penalty": f"{PEER}, `SurrogateGLM`, our penalty",
    f"{PEER}, lasso": f"{PEER}, `LassoGuidedGLM`",
    "tree, direct": "tree, trained directly",
    "tree, distilled": "tree, `DistilledRegressor`, defaults",
}
ABOUT = (
    (
        "Poisson deviance of {n_test:,} test policies over that of the table trained directly: "
        "geometric mean and worst sample; likewise the normalised Gini index of their claims in "
        "the order of the predictions (more is better, the least is the worst). *Wins*: samples "
        "in which the deviance is below that of insurance-distill's `SurrogateGLM`. *Kept* are "
        "that package's own measures, on the test rows: the Gini of the predictions themselves "
        "over the booster's (it rewards, too, a table that is too sure of itself), and the share "
        "of the deviance of the booster's predictions that is explained. *Levels*: of the table, "
        "or leaves."
    ),
    (
        "{n_samples} samples of `benchmarks.numbers.counts`: {rates} claims a year, {rows} "
        "policies, seeds {seeds} (the rule of the strength was chosen on seed 0). The booster is "
        "LightGBM of 150 trees. All tables have ten levels a feature at most: ours between "
        "quantiles, fitted by a `PoissonRegressor`; `SurrogateGLM`'s, which has its defaults, by "
        "trees on the booster's predictions, which were asked in sample. `LassoGuidedGLM` is "
        "trained on the claims, the booster sets its bins only; its penalty is {lasso:g}, as its "
        "default of 1 leaves no feature. The tree is no table of factors; it has as many leaves at "
        "most."
    ),
)


def draw(rate: float, n_rows: int, seed: int) -> tuple[Sample, Floats, Floats]:
    """Return a sample with its booster, and claims and exposures of the test rows."""
    table = counts(n_rows + N_TEST, rate, seed=seed)
    X, rest = table.X.to_numpy()[:n_rows], table.X.to_numpy()[n_rows:]
    y, weight = table.y, table.weight
    model = booster().fit(X, y[:n_rows], sample_weight=weight[:n_rows])
    return Sample(X, y[:n_rows], weight[:n_rows], rest, model), y[n_rows:], weight[n_rows:]


def gini_of(said: Floats, weight: Floats) -> float:
    """Return the concentration of predictions: twice the area above their own Lorenz curve."""
    order = np.argsort(said)
    rows, mass = weight[order], (weight * said)[order]
    shares = np.cumsum(mass) - 0.5 * mass
    return float(1.0 - 2.0 * (rows @ shares) / (rows.sum() * mass.sum()))


def measure(wanted: Sequence[tuple[float, int, int, str]]) -> Iterator[list[Row]]:
    """Yield the rows of each way; the booster of a sample is fitted once."""
    for (rate, n_rows, seed), of_sample in groupby(wanted, key=lambda each: each[:3]):
        sample, y, weight = draw(rate, n_rows, seed)
        taught = np.maximum(sample.booster.predict(sample.X_test), LEAST)
        for *_, method in of_sample:
            start = time.perf_counter()
            found = METHODS[method](sample)
            seconds = time.perf_counter() - start
            made = found if isinstance(found, dict) else {method: found}
            yield [
                Row(
                    rate, n_rows, seed, name, mean_poisson_deviance(y, said, sample_weight=weight),
                    gini_index(y[:, None], said[:, None], weight), gini_of(said, weight),
                    d2_tweedie_score(taught, said, power=1, sample_weight=weight),
                    each.cells, seconds, each.note,
                )
                for name, each in reversed(made.items())
                for said in [np.maximum(each.said, LEAST)]
            ]  # fmt: skip


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per way; ways that were measured in a part of the samples are left out."""
    wide = {
        name: frame.pivot_table(name, list(KEY[:3]), "method").dropna(axis=1)
        for name in ("deviance", "gini", "concentration", "fidelity", "seconds")
    }
    cells = frame.groupby("method")["cells"].mean()
    deviance, gini = (wide[name].div(wide[name]["direct"], axis=0) for name in ("deviance", "gini"))
    kept = wide["concentration"].div(wide["concentration"]["booster"], axis=0)
    lines = []
    for method, title in TITLES.items():
        if method not in deviance:
            continue
        won = np.mean(deviance[method] < deviance[PEER]) if PEER in deviance else np.nan
        lines.append(
            {
                "way": title,
                "deviance": f"{geometric_mean(deviance[method]):.4f}",
                "worst": f"{deviance[method].max():.4f}",
                "Gini": f"{geometric_mean(gini[method]):.4f}",
                "worst Gini": f"{gini[method].min():.4f}",
                "wins": "" if method == PEER or np.isnan(won) else f"{won:.0%}",
                "Gini kept": f"{kept[method].mean():.3f}",
                "deviance kept": f"{wide['fidelity'][method].mean():.3f}",
                "levels": "" if np.isnan(cells[method]) else f"{cells[method]:.0f}",
                "seconds": f"{wide['seconds'][method].median():.2g}",
            }
        )
    return pd.DataFrame(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.glm_tables", description=__doc__)
    add_common_arguments(parser, repeats=3)
    there = [m for m in METHODS if PEER not in m or importlib.util.find_spec("insurance_distill")]
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.1, 0.5])
    parser.add_argument("--methods", nargs="+", default=there, choices=list(METHODS))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.rows, arguments.rates, arguments.repeats = [300], [0.5], 1
        arguments.methods = [m for m in there if m in ("booster", "direct", "distilled", PEER)]
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "glm_tables.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # the package's, of pandas and polars
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    wanted = log.missing(product(arguments.rates, arguments.rows, seeds, arguments.methods))
    found: Iterable[list[Row]] = measure(wanted)
    for rows in progress(found, len(wanted), _said):
        for row in rows:
            log.add(row)
    frame = log.frame()
    frame = frame[frame["rate"].isin(arguments.rates) & frame["n_rows"].isin(arguments.rows)]
    parts = [
        (f"{rows:,} policies, {rate:g} claims a year", summary(part))
        for (rows, rate), part in frame.groupby(["n_rows", "rate"])
    ]
    facts = {
        "n_test": N_TEST,
        "lasso": LASSO,
        "n_samples": len(frame.groupby(list(KEY[:3]))),
        "rates": " and ".join(f"{rate:g}" for rate in sorted(frame["rate"].unique())),
        "rows": " and ".join(f"{rows:,}" for rows in sorted(frame["n_rows"].unique())),
        "seeds": ", ".join(str(seed) for seed in sorted(frame["seed"].unique())),
    }
    table = summary(frame)
    print(table.to_string(index=False))
    Page(
        name="glm_tables",
        title="A booster into a table of factors",
        command=command_line("glm_tables", argv),
        about=tuple(text.format(**facts) for text in ABOUT),
        notes=_versions(frame),
        measured=log.measured(frame),
    ).write(folder, table, *(parts if len(parts) > 1 else []))


def _said(rows: Sequence[Row]) -> str:
    row = rows[-1]
    return f"{row.rate:g} {row.n_rows} {row.seed} {row.method}: {row.deviance:.4f} {row.gini:.4f}"


def _versions(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the sentence that names the package's version, where it was measured here."""
    if PEER not in set(frame["method"]) or not importlib.util.find_spec("insurance_distill"):
        return ()
    return (f"{PEER} {importlib.metadata.version(PEER)}.",)


if __name__ == "__main__":
    main()
