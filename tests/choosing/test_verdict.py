"""The verdict compares what was chosen without the rows it is compared on."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifierCV
from skdistill._ground.data import check_data
from skdistill._ground.outcomes import Classes
from skdistill.choosing.candidates import Grid, expand
from skdistill.choosing.judging import decide
from skdistill.choosing.scores import Scores
from skdistill.choosing.scoring import make_judge
from skdistill.teaching.calibration import calibrate
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds

GRID = Grid((0.0, 0.5), (1.0,), ("auto",), ("orthogonal",), (None,), (None,), "cpu")


def made(X, y, **changes):
    """Return candidates, data and a pool of three folds (per repeat)."""
    data = check_data(X, y, None, None)
    folds = make_folds(3, X, y, random_state=0, **changes)
    pool = fit_pool(GaussianNB(), X, y, folds, validation_folds(folds, None))
    return expand(DecisionTreeClassifier(), GRID, len(y), data.outcome, weighted=False), data, pool


@pytest.fixture
def setting(binary):
    """Candidates (direct, .5, 0), data and a pool of three folds."""
    return made(*binary)


def verdict(setting, rows, scoring="neg_log_loss", loss=None, weights=None, **options):
    return decided(setting, rows, scoring, loss, weights, **options)[0]


def decided(setting, rows, scoring="neg_log_loss", loss=None, weights=None, **options):
    """Return the verdict and the number of the choice."""
    candidates, data, pool = setting
    rows = [np.asarray(r) for r in rows]
    if loss is None:
        loss = np.array([r.mean(axis=1) for r in rows]).T
    blank = np.zeros_like(loss)
    costs = {"fit_time": blank, "score_time": blank, "size": blank[:, 0]}
    costs |= {key: options.pop(key) for key in costs.keys() & options.keys()}
    tests = [pool.folds.splits[k][1] for k in pool.validation]
    blank_p = np.full((len(data), 2), 0.5)
    told = options.pop("told", [blank_p] * len(candidates))
    said = tuple(tuple(p[test] for p in told) for test in tests)
    weights = [np.ones(len(test)) for test in tests] if weights is None else weights
    unit = data.kept if data.groups is None else data.groups
    units = tuple(unit[test] for test in tests)
    scores = Scores(loss, tuple(rows), tuple(weights), units, **costs, said=said)
    judge = make_judge(scoring)
    given = {"fallback": False, "n_student_fits": 9} | options
    return decide(candidates, scores, data, pool, judge, **given)


def losses(setting, shifts, noise=0.1, seed=0):
    """Return row losses of each candidate: common ones, shifted, with noise of their own."""
    _, _, pool = setting
    rng = np.random.default_rng(seed)
    rows = []
    for _, test in pool.folds.splits:
        base = rng.random(len(test))
        own = noise * rng.standard_normal((3, len(test)))
        rows.append(base + np.asarray(shifts)[:, None] + own)
    return rows


@pytest.mark.parametrize(
    ("shifts", "outcome"),
    [
        ((0.5, 0.3, 0.4), "helps"),
        ((0.3, 0.5, 0.4), "harms"),
        ((0.4, 0.4, 0.5), "not shown to help"),
    ],
)
def test_outcomes(setting, shifts, outcome):
    found = verdict(setting, losses(setting, shifts))
    assert found.outcome == outcome
    assert found.distilled - found.direct == pytest.approx(found.difference)
    low, high = found.interval
    assert low < found.difference < high
    assert found.n_teacher_fits == 6
    assert found.n_student_fits == 9
    assert found.n_rows == 300


def reach_of(apart, n_units, rounds, level=0.95, test_over_train=0.5, count=5):
    """Return half the width of the interval by its formula; `apart` in units."""
    rows = len(rounds[0]) * np.var(apart, ddof=1) / n_units
    folds = np.mean([np.var(each, ddof=1) for each in rounds])
    freedom = len(rounds[0]) - 1
    pooled = (count * rows + freedom * max(folds, rows)) / (count + freedom)
    error = np.sqrt(pooled * (1 / len(rounds[0]) + test_over_train))
    return stats.t.ppf(0.5 + level / 2, count + freedom) * error


def test_the_interval_pools_rows_and_folds_and_is_widened_for_other_training_sets(setting):
    rows = losses(setting, (0.5, 0.3, 0.6))
    found = verdict(setting, rows, alpha=0.1)
    apart = np.concatenate([r[1] - r[0] for r in rows])
    reach = reach_of(apart, 300, [[(r[1] - r[0]).mean() for r in rows]], 0.9)
    np.testing.assert_allclose(found.interval, [apart.mean() - reach, apart.mean() + reach])
    assert found.level == 0.9


def test_folds_that_differ_by_more_than_their_rows_widen_it(setting):
    """As where a student finds a split in some training sets only."""
    rows = losses(setting, (0.5, 0.3, 0.6))
    steady = verdict(setting, rows)
    for v, shift in enumerate((-0.1, 0.0, 0.1)):
        rows[v][1] += shift
    found = verdict(setting, rows)
    width = [each.interval[1] - each.interval[0] for each in (steady, found)]
    assert width[1] > 3 * width[0]
    assert found.difference == pytest.approx(steady.difference)


def test_each_fold_is_judged_by_the_choice_of_the_others(setting):
    """Candidate 2 wins overall only by its luck on fold 0; there the others' choice counts."""
    rows = [np.tile([[0.5], [0.4], [0.45]], r.shape[1]) for r in losses(setting, (0, 0, 0))]
    rows[0][2] = -1.0
    found = verdict(setting, rows)
    n = np.array([r.shape[1] for r in rows])
    fold_losses = [0.4, 0.45, 0.45]  # fold 0: chosen by folds 1 and 2; else candidate 2
    assert found.distilled == pytest.approx(np.average(fold_losses, weights=n))
    assert found.direct == pytest.approx(0.5)


def two_kinds(binary, level, **options):
    """Return verdict and choice for a deep tree and a stump, at given losses and sizes."""
    _, data, pool = made(*binary)
    students = [("deep", DecisionTreeClassifier()), ("stump", DecisionTreeClassifier(max_depth=1))]
    both = expand(students, GRID, 300, Classes(np.arange(2)), weighted=False)
    noise = 0.01 * np.random.default_rng(0).standard_normal((len(both), 300))
    own = np.array([level[c.name, c.is_direct] for c in both])[:, None] + noise
    own -= noise.mean(axis=1, keepdims=True)
    size = np.array([9e6 if c.name == "deep" else 1e3 for c in both])
    rows = np.split(own, 3, axis=1)
    found, number = decided((both, data, pool), rows, size=size, **options)
    return found, both[number]


def test_every_kind_of_student_is_compared_with_itself(binary):
    level = {
        ("deep", True): 0.5, ("deep", False): 0.3, ("stump", True): 0.4, ("stump", False): 0.6,
    }  # fmt: skip
    found, chosen = two_kinds(binary, level)
    assert [each.outcome for each in found.by_student.values()] == ["helps", "harms"]
    for name, each in found.by_student.items():
        assert each.student == name
        sides = {False: each.distilled, True: each.direct}
        assert all(sides[d] == pytest.approx(level[name, d], abs=0.01) for d in sides)
    assert found.student == chosen.name == "deep"
    for field in ("outcome", "difference", "interval", "distilled", "direct", "n_rows"):
        assert getattr(found, field) == getattr(found.by_student["deep"], field)
        assert found.to_dict()[field] == getattr(found, field)
    assert found.sentence.startswith("Distilling helps (deep): log-loss 0.3")


def test_a_line_for_every_kind_of_student(binary):
    pd = pytest.importorskip("pandas")
    level = {
        ("deep", True): 0.5, ("deep", False): 0.3, ("stump", True): 0.4, ("stump", False): 0.6,
    }  # fmt: skip
    found, _ = two_kinds(binary, level, score_time=np.full((6, 3), 0.2))
    frame = found.frame()
    assert frame.index.tolist() == ["deep", "stump"]
    assert frame["outcome"].tolist() == ["helps", "harms"]
    assert frame["chosen"].tolist() == [True, False]
    assert frame.loc["stump", "direct_bytes"] == 1e3
    assert frame.loc["deep", "distilled_bytes"] == 9e6
    assert frame["direct_seconds"].to_numpy() == pytest.approx(2.0)  # 100 rows a fold
    for name, each in found.by_student.items():
        assert tuple(frame.loc[name, ["low", "high"]]) == each.interval
        assert frame.loc[name, "difference"] == each.difference
    pd.testing.assert_series_equal(
        frame["distilled"] - frame["direct"], frame["difference"], check_names=False
    )
    lines = str(found).splitlines()
    assert lines[0] == found.sentence
    assert [line.split()[0] for line in lines[2:]] == ["student", "deep", "stump"]
    assert "9 MB / 9 MB" in lines[3]
    assert lines[3].endswith("chosen")
    assert not lines[4].endswith("chosen")
    assert "<td>9 MB / 9 MB</td>" in found._repr_html_()


def test_a_score_is_shown_by_its_own_sign_in_table_and_frame(binary):
    """Losses are minus the score; a gain in the score is above zero."""
    pytest.importorskip("pandas")
    level = {
        ("deep", True): -0.6, ("deep", False): -0.9, ("stump", True): -0.8, ("stump", False): -0.7,
    }  # fmt: skip
    found, _ = two_kinds(binary, level, scoring="roc_auc")
    assert found.loss == "minus roc_auc"
    frame = found.frame()
    for line, (name, kind) in zip(
        str(found).splitlines()[3:], found.by_student.items(), strict=True
    ):
        row = frame.loc[name]
        assert row["distilled"] == -kind.distilled > 0.0
        assert row["difference"] == -kind.difference == row["distilled"] - row["direct"]
        assert (row["low"], row["high"]) == (-kind.interval[1], -kind.interval[0])
        assert row["low"] < row["difference"] < row["high"]
        assert row["error"] == kind.error > 0.0
        printed = [f"{row['direct']:.4g}", f"{row['distilled']:.4g}", f"{row['difference']:+.3g}"]
        printed += [f"{row['low']:+.3g}", "to", f"{row['high']:+.3g}"]
        assert line.split()[1:7] == printed
    assert frame["outcome"].tolist() == ["helps", "harms"]


@pytest.mark.parametrize("fallback", ["doubtful", "not shown", "harms", False])
def test_a_kind_that_could_not_be_scored_is_neither_compared_nor_distilled(binary, fallback):
    """As with a scorer of one's own that gives NaN for some students."""
    level = {
        ("deep", True): 0.5, ("deep", False): 0.3, ("stump", True): 0.4, ("stump", False): np.nan,
    }  # fmt: skip
    found, chosen = two_kinds(binary, level, fallback=fallback)
    assert (chosen.name, chosen.is_direct) == ("deep", False)
    stump = found.by_student["stump"]
    assert stump.outcome == "not shown to help"
    assert np.isnan([stump.difference, *stump.interval, stump.size["distilled"]]).all()
    said = replace(found, student="stump").sentence
    assert said.startswith(
        "Whether distilling helps (stump) is not known: distilled it has no log-loss on some fold, "
        "trained directly its log-loss is 0.4"
    )
    assert stump.lacking == {"distilled": "no score"}
    assert "nan" not in said + str(found)
    assert stump.size["direct"] == 1e3
    assert stump.fell_back is (fallback is not False)
    assert "1 kB / not known" in str(found)
    level["deep", False] = 0.6
    found, chosen = two_kinds(binary, level, fallback=fallback)
    assert (chosen.name, chosen.is_direct) == ("stump", True)
    assert found.sentence.endswith("The student that was fitted is trained directly.")


@pytest.mark.parametrize("fallback", ["doubtful", "not shown", "harms", False])
def test_a_preference_is_asked_first_and_the_fallback_keeps_to_its_kind(binary, fallback):
    """The distilled stump is as good as any; distilling the deep tree harms it."""
    level = {
        ("deep", True): 0.5, ("deep", False): 0.6, ("stump", True): 0.55, ("stump", False): 0.5,
    }  # fmt: skip
    found, chosen = two_kinds(binary, level, prefer="smaller", fallback=fallback)
    assert (chosen.name, chosen.is_direct, found.student) == ("stump", False, "stump")
    assert not found.fell_back
    assert found.by_student["deep"].fell_back is (fallback is not False)
    level["stump", True] = 0.499
    found, chosen = two_kinds(binary, level, prefer="smaller", fallback=fallback)
    assert (chosen.name, found.student) == ("stump", "stump")
    assert chosen.is_direct or fallback is False


def test_without_a_preference_the_best_of_what_is_left_is_taken(binary):
    """Not the direct stump, though the distilled one seemed the best of all."""
    level = {
        ("deep", True): 0.52, ("deep", False): 0.6, ("stump", True): 0.55, ("stump", False): 0.5,
    }  # fmt: skip
    found, chosen = two_kinds(binary, level, alpha=1e-300, fallback="not shown")
    assert all(each.outcome == "not shown to help" for each in found.by_student.values())
    assert (chosen.name, chosen.is_direct, found.student) == ("deep", True, "deep")
    found, chosen = two_kinds(binary, level, alpha=1e-300, fallback="harms")
    assert (chosen.name, chosen.is_direct, found.fell_back) == ("stump", False, False)


@pytest.mark.parametrize(
    ("shifts", "policies"),
    [
        ((0.5, 0.3, 0.4), set()),
        ((0.4, 0.37, 0.5), {"not shown"}),
        ((0.4, 0.395, 0.5), {"not shown", "doubtful"}),
        ((0.4, 0.43, 0.5), {"not shown", "doubtful", "harms"}),
        ((0.3, 0.5, 0.4), {"not shown", "doubtful", "harms"}),
    ],
)
def test_where_a_kind_falls_back(setting, shifts, policies):
    for fallback in ("not shown", "doubtful", "harms", False):
        found, number = decided(setting, losses(setting, shifts), fallback=fallback, alpha=1e-5)
        assert found.fell_back is (fallback in policies)
        assert number == 0 or fallback not in policies


def test_repeats_widen_it_no_further(binary):
    """Each row is there twice, in folds of its own repeat; its two losses are taken together."""
    setting = made(*binary, n_repeats=2)
    folds = setting[-1].folds
    rng = np.random.default_rng(0)
    own = rng.random((3, 300)) + np.array([0.5, 0.3, 0.6])[:, None]
    found = verdict(setting, [own[:, test] for _, test in folds.splits])
    apart = own[1] - own[0]
    means = [apart[test].mean() for _, test in folds.splits]
    reach = reach_of(apart, 300, [means[:3], means[3:]])
    np.testing.assert_allclose(found.interval, [apart.mean() - reach, apart.mean() + reach])


def test_a_repeat_does_not_choose_for_rows_that_it_has_seen(binary):
    """Candidate 2 is lucky on the rows of one fold; the other repeat's folds hold them, too."""
    setting = made(*binary, n_repeats=2)
    folds = setting[-1].folds
    own = np.repeat([[0.5], [0.4], [0.45]], 300, axis=1)
    own[2, folds.splits[0][1]] = 0.0
    found = verdict(setting, [own[:, test] for _, test in folds.splits])
    expected = []
    for number, (_, test) in enumerate(folds.splits):
        others = [t for _, t in folds.splits[3 * (number // 3) :][:3] if t is not test]
        means = own[:, np.concatenate(others)].mean(axis=1)
        expected.append(own[1 + means[1:].argmin(), test].mean())
    assert expected[0] == pytest.approx(0.4)
    assert found.distilled == pytest.approx(np.mean(expected))


def test_weights_count(setting):
    rows = losses(setting, (0.5, 0.3, 0.6))
    weights = [np.linspace(0.1, 3.0, r.shape[1]) for r in rows]
    found = verdict(setting, rows, weights=weights)
    joined = [np.concatenate([r[c] for r in rows]) for c in (1, 0)]
    mean = [np.average(values, weights=np.concatenate(weights)) for values in joined]
    assert [found.distilled, found.direct] == pytest.approx(mean)


def test_rows_of_a_group_are_taken_together(setting):
    """Copies of a row in one group tell nothing new."""
    candidates, data, pool = setting
    groups = np.arange(300) // 3
    grouped = candidates, check_data(data.X, data.y, None, groups), pool
    rows = losses(setting, (0.5, 0.5, 0.5))
    tests = np.concatenate([test for _, test in pool.folds.splits])
    joined = np.concatenate(rows, axis=1)
    per_group = np.random.default_rng(1).standard_normal((3, 100))
    at = np.cumsum([r.shape[1] for r in rows])[:-1]
    joined = joined + per_group[:, groups[tests]]
    rows = np.split(joined, at, axis=1)
    alone, together = verdict(setting, rows), verdict(grouped, rows)
    width = [v.interval[1] - v.interval[0] for v in (alone, together)]
    assert 1.4 < width[1] / width[0] < 2.0  # sqrt(3)


def test_without_losses_per_row_folds_are_compared(setting):
    _, _, pool = setting
    loss = np.array([[0.5, 0.52, 0.51], [0.4, 0.43, 0.41], [0.6, 0.6, 0.6]])
    found = verdict(setting, (), "average_precision", loss=loss)
    apart = loss[1] - loss[0]
    overlap = np.mean([len(test) / len(train) for train, test in pool.folds.splits])
    error = np.sqrt(np.var(apart, ddof=1) * (1 / 3 + overlap))  # Nadeau and Bengio
    reach = stats.t.ppf(0.975, 2) * error
    np.testing.assert_allclose(found.interval, [apart.mean() - reach, apart.mean() + reach])
    assert found.n_rows == 3
    assert found.loss == "minus average_precision"
    shown = replace(
        found.chosen, distilled=-0.9, direct=-0.8, difference=-0.1, interval=(-0.3, 0.1)
    )
    shown = replace(found, by_student={found.student: shown})
    assert "average_precision 0.9 against 0.8" in str(shown)
    assert "(difference +0.1, 95% interval -0.1 to +0.3)" in str(shown)
    assert "minus" not in str(shown)


def test_rows_that_were_given_no_chance_are_told(setting):
    """A tree's exact zeros decide a log-loss alone."""
    rows = losses(setting, (0.5, 0.3, 0.4))
    assert verdict(setting, rows).ruled_out == {"distilled": 0.0, "direct": 0.0}
    rows[0][0, :6] = 36.04
    found = verdict(setting, rows)
    assert found.ruled_out == {"distilled": 0.0, "direct": pytest.approx(0.02)}
    assert "0.0% (distilled) and 2.0% (direct) of the rows" in str(found)
    assert verdict(setting, rows, scoring="neg_brier_score").ruled_out == {}


def test_the_teacher_is_judged_on_the_rows_of_the_students(binary):
    """With some validation folds only, on these; calibrated by what the other folds say."""
    X, y = binary
    data = check_data(X, y, None, None)
    folds = make_folds(4, X, y, random_state=0)
    pool = fit_pool(GaussianNB(), X, y, folds, validation_folds(folds, 2))
    candidates = expand(DecisionTreeClassifier(), GRID, len(y), data.outcome, weighted=False)
    setting = candidates, data, pool
    rows = [np.zeros((3, len(folds.splits[k][1]))) for k in pool.validation]
    for scoring, judged in (("neg_log_loss", log_loss), ("average_precision", None)):
        loss = np.zeros((3, 2)) if judged is None else None
        found = verdict(setting, rows if judged else (), scoring, loss=loss).teacher
        raw, calibrated = [], []
        for k in pool.validation:
            train, test = folds.splits[k]
            p = pool.out_of_fold.values
            map_ = calibrate("sigmoid", data.columns[train], p[train])
            for said, values in ((raw, p[test]), (calibrated, map_.transform(p[test]))):
                score = judged or (lambda y, p: -average_precision_score(y, p[:, 1]))
                said.append(score(y[test], values))
        weights = [len(r[0]) for r in rows] if judged else None
        assert found["raw"] == pytest.approx(np.average(raw, weights=weights))
        assert found["calibrated"] == pytest.approx(np.average(calibrated, weights=weights))


@pytest.mark.parametrize("weighted", [False, True])
def test_what_reads_no_column_says_the_class_shares_of_the_other_folds(binary, weighted):
    X, y = binary
    weight = np.where(y == 1, 3.0, 0.5) if weighted else None
    data = check_data(X, y, weight, None)
    folds = make_folds(4, X, y, random_state=0)
    pool = fit_pool(GaussianNB(), X, y, folds, validation_folds(folds, 2))
    candidates = expand(DecisionTreeClassifier(), GRID, len(y), data.outcome, weighted=weighted)
    mass = np.ones(len(y)) if weight is None else weight
    tests = [folds.splits[k] for k in pool.validation]
    rows = [np.zeros((3, len(test))) for _, test in tests]
    given = {"weights": [mass[test] for _, test in tests]}
    found = verdict((candidates, data, pool), rows, "neg_log_loss", **given)
    share = [np.average(y[train], weights=mass[train]) for train, _ in tests]
    losses = [
        -np.log(np.where(y[test], p, 1 - p)) for p, (_, test) in zip(share, tests, strict=True)
    ]
    every, of = np.concatenate(losses), np.concatenate(given["weights"])
    mean = np.average(every, weights=of)
    error = np.sqrt(np.sum((of * (every - mean)) ** 2)) / of.sum()
    assert found.constant["loss"] == pytest.approx(mean)
    assert found.constant["error"] == pytest.approx(error, rel=0.01)
    assert found.constant["difference"] == pytest.approx(-mean)  # the students here lose nothing
    assert 0.0 < found.constant["margin"] < mean
    assert 0.0 < found.teacher["error"] < found.teacher["calibrated"]


def test_what_reads_no_column_may_have_no_score(binary):
    def wants_an_order(estimator, X, y):
        said = estimator.predict_proba(X)[:, 1]
        if np.ptp(said) == 0.0:
            raise ValueError("all alike")
        return float(np.mean(said))

    X, y = binary
    model = DistilledClassifierCV(GaussianNB(), DecisionTreeClassifier(max_depth=2), cv=3)
    found = model.set_params(scoring=wants_an_order, strengths=(0.5,)).fit(X, y).verdict_
    assert found.constant == {}
    assert np.isfinite(found.teacher["error"])


@pytest.mark.parametrize("scoring", ["neg_log_loss", "average_precision"])
def test_the_teacher_is_judged_with_the_weights_of_its_rows(binary, scoring):
    """In its map, in each fold, and among folds where the loss is one of rows."""
    X, y = binary
    weight = np.where(y == 1, 3.0, 0.5)
    folds = make_folds(3, X, y, random_state=0)
    first = folds.splits[0][1]
    weight[first] *= np.linspace(2.0, 8.0, len(first))  # the first fold weighs most
    data = check_data(X, y, weight, None)
    pool = fit_pool(GaussianNB(), X, y, folds, validation_folds(folds, None))
    candidates = expand(DecisionTreeClassifier(), GRID, len(y), data.outcome, weighted=True)
    setting = candidates, data, pool
    tests = [test for _, test in folds.splits]
    per_row = scoring == "neg_log_loss"
    given = {"weights": [weight[test] for test in tests]} if per_row else {"loss": np.zeros((3, 3))}
    rows = [np.zeros((3, len(test))) for test in tests] if per_row else ()
    found = verdict(setting, rows, scoring, **given).teacher
    p = pool.out_of_fold.values
    raw, calibrated = [], []
    for train, test in folds.splits:
        map_ = calibrate("sigmoid", data.columns[train], p[train], weight[train])
        for said, values in ((raw, p[test]), (calibrated, map_.transform(p[test]))):
            if per_row:
                said.append(log_loss(y[test], values, sample_weight=weight[test]))
            else:
                score = average_precision_score(y[test], values[:, 1], sample_weight=weight[test])
                said.append(-score)
    mass = [weight[test].sum() for test in tests] if per_row else np.ones(3)
    assert found["raw"] == pytest.approx(np.average(raw, weights=mass))
    assert found["calibrated"] == pytest.approx(np.average(calibrated, weights=mass))


def test_it_prints_one_sentence_and_is_ready_for_json(setting):
    found = verdict(setting, losses(setting, (0.5, 0.3, 0.4)))
    text = str(found)
    assert text.startswith("Distilling helps: log-loss ")
    assert "95% interval" in text
    assert "6 teachers" in text
    assert "\n" not in text
    again = json.loads(json.dumps(found.to_dict()))
    assert again["outcome"] == "helps"
    assert set(again["teacher"]) == {"raw", "calibrated", "error"}
    assert set(again["constant"]) == {"loss", "error", "difference", "margin"}


def test_a_teacher_that_is_behind_its_student_is_told(setting):
    found = verdict(setting, losses(setting, (0.0, 0.0, 0.0)))
    for lead, words in ((0.1, "; "), (-0.1, ", behind the student that was fitted; ")):
        loss = getattr(found, found.fitted) - lead
        told = replace(found, teacher={"raw": loss, "calibrated": loss}).sentence
        assert f"; the teacher has {loss:.4g}{words}6 teachers" in told


def test_scores_that_move_the_other_way_are_named(setting):
    """The log-loss falls, and so do accuracy and the area under the curve."""
    _, data, _ = setting
    rng = np.random.default_rng(0)
    good = 0.3 * data.columns + 0.7 * rng.dirichlet([1.0, 1.0], len(data))
    told = [good, 0.5 + 0.02 * (good[::-1] - 0.5), good]
    found = verdict(setting, losses(setting, (0.5, 0.3, 0.4)), told=told)
    assert found.outcome == "helps"
    y = data.columns[:, 1]
    expected = {
        "accuracy": [np.mean((p[:, 1] > 0.5) == y) for p in (told[1], good)],
        "Brier score": [np.mean((p[:, 1] - y) ** 2) for p in (told[1], good)],
    }
    assert set(found.against) == {"accuracy", "AUC", "Brier score"}
    for name, values in expected.items():
        sides = [found.against[name][side] for side in ("distilled", "direct")]
        np.testing.assert_allclose(sides, values)
        assert f"its {name} is {sides[0]:.4g} against {sides[1]:.4g}" in str(found)
    assert found.against["AUC"]["distilled"] < found.against["AUC"]["direct"]
    by_accuracy = verdict(setting, losses(setting, (0.5, 0.3, 0.4)), "accuracy", told=told)
    assert set(by_accuracy.against) == {"log-loss", "AUC", "Brier score"}
    harmed = verdict(setting, losses(setting, (0.3, 0.5, 0.6)), told=[told[1], good, good])
    assert set(harmed.against) == {"accuracy", "AUC", "Brier score"}
    along = verdict(setting, losses(setting, (0.5, 0.3, 0.4)), told=[told[1], good, good])
    assert along.against == {}
    assert "but its" not in str(along)


@pytest.mark.parametrize(
    ("shifts", "words"),
    [
        ((0.5, 0.3, 0.4), ""),
        ((0.4, 0.37, 0.5), "a gain is likelier, but not sure"),
        ((0.4, 0.395, 0.5), "too close to tell"),
        ((0.4, 0.42, 0.5), "a loss is likelier, but not sure"),
    ],
)
def test_the_uncertainty_is_put_in_words(setting, shifts, words):
    found, number = decided(setting, losses(setting, shifts), fallback="doubtful", alpha=1e-5)
    assert found.chosen.doubt == words
    assert words in found.sentence
    side = "direct" if number == 0 else "distilled"
    assert found.fitted == side == ("distilled" if shifts[1] < 0.39 else "direct")
    end = {"direct": "trained directly", "distilled": "distilled"}[side]
    assert found.sentence.endswith(f"The student that was fitted is {end}.")


def test_a_direct_student_beside_equal_ones_leaves_no_doubt(setting):
    """No difference at all: the interval is a point, and nothing is shown."""
    rows = [np.tile(r[:1], (3, 1)) for r in losses(setting, (0.5, 0.5, 0.5))]
    found = verdict(setting, rows)
    assert found.outcome == "not shown to help"
    assert found.interval == (0.0, 0.0)
