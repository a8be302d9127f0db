"""``fit`` and ``predict`` where the target is a number: files as they lie about."""

import decimal
import json
from html import unescape
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.metrics import mean_poisson_deviance, r2_score

from skdistill.cli import main

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")
pytest.importorskip("skrub", reason="the extra skdistill[data] is not installed")

WOOD = "tests.cli.learners:WOOD"
N, HELD_OUT = 160, 40
RNG = np.random.default_rng(0)
AREA = RNG.uniform(30, 200, N).round(1)
TOWN = RNG.choice(["north", "south", "west"], N)
YEARS = RNG.uniform(0.2, 2, N).round(2)
PRICE = (1000 + 900 * AREA + 20_000 * (TOWN == "west") + RNG.normal(0, 9000, N)).round(2)
SOLD = pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 900, N), unit="D")
PLAIN = pd.DataFrame(
    {
        "house": [f"H{i:05}" for i in range(N)],
        "area": AREA,
        "town": TOWN,
        "sold": SOLD.strftime("%Y-%m-%d"),
        "years": YEARS,
        "claims": RNG.poisson(YEARS * np.exp(AREA / 100 - 0.5 + (TOWN == "west"))),
        "price": PRICE,
    }
).astype({"town": object, "sold": object, "house": object})
PLAIN.loc[::9, "town"] = None


def write(folder: Path, frame=PLAIN, **written) -> tuple[str, str]:
    """Write a table as train.csv and test.csv; return their paths."""
    paths = str(folder / "train.csv"), str(folder / "test.csv")
    frame.iloc[HELD_OUT:].to_csv(paths[0], index=False, **written)
    frame.iloc[:HELD_OUT].to_csv(paths[1], index=False, **written)
    return paths


@pytest.fixture
def run(tmp_path, capsys):
    """Run ``fit`` on train.csv; return the exit code, what it printed and what it noted."""

    def fit(*options: str, target: str = "price", teacher=WOOD, student="tree") -> tuple:
        names = ["--teacher", teacher, "--student", student, "--cv", "3"]
        out = str(tmp_path / "m.joblib")
        code = main(
            ["fit", str(tmp_path / "train.csv"), "--target", target, "--out", out, *names, *options]
        )
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return fit


def predictions(folder: Path, *options: str):
    """Predict test.csv; return the written table."""
    out = folder / "p.csv"
    command = ["predict", str(folder / "m.joblib"), str(folder / "test.csv"), "--out", str(out)]
    assert main([*command, *options]) == 0
    return pd.read_csv(out)


def test_round_trip(run, tmp_path: Path, capsys) -> None:
    _, test = write(tmp_path)
    report = tmp_path / "r.json"
    drop = ["--drop", "claims,years"]
    code, said, noted = run("--test", test, "--report", str(report), "--id", "house", *drop)
    assert code == 0, noted
    assert (
        f"note: {tmp_path}/train.csv: target price: a number (120 different values): regression; "
        "--task classify says otherwise\n"
    ) in noted
    methods = ("mean of y", "teacher", "student alone", "in-sample distillation", "distilled")
    assert all(f"\n{method} " in said for method in methods)
    assert "R2" in said
    assert "\nDistilling" in said
    made = predictions(tmp_path)
    assert list(made) == ["house", "prediction"]
    assert list(made["house"]) == list(PLAIN["house"].iloc[:HELD_OUT])
    assert r2_score(PRICE[:HELD_OUT], made["prediction"]) > 0.7
    record = json.loads(report.read_text())
    assert record["data"]["task"] == "regress"
    assert record["data"]["loss"] == "SquaredError()"
    rows = {row["method"]: row for row in record["table"]["rows"]}
    assert list(rows) == list(methods)
    assert list(rows["distilled"]) == [
        "method", "r2", "rmse", "mae", "calibration_slope", "fidelity", "size_bytes",
        "microseconds_per_row",
    ]  # fmt: skip
    saved = rows[record["command"]["saved"]]
    assert saved["r2"]["mean"] == pytest.approx(r2_score(PRICE[:HELD_OUT], made["prediction"]))
    assert abs(saved["size_bytes"]["mean"] - (tmp_path / "m.joblib").stat().st_size) < 4000
    assert rows["teacher"]["fidelity"] == {"mean": 1.0, "standard_error": 0.0}
    gap = rows["distilled"]["rmse"]["mean"] ** 2 - rows["student alone"]["rmse"]["mean"] ** 2
    verdict = record["table"]["verdict"]
    assert verdict["squared_error_difference"]["mean"] == pytest.approx(gap)
    assert set(record["table"]["better_than_mean_of_y"]) == set(methods[1:])
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "m.joblib"), test, "--label"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "house,prediction"
    model = joblib.load(tmp_path / "m.joblib")
    frame = pd.read_csv(test)[list(model.feature_names_in_)]
    np.testing.assert_allclose(model.predict(frame), made["prediction"])


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_reports_for_people(run, tmp_path: Path, suffix: str) -> None:
    write(tmp_path)
    path = tmp_path / f"r.{suffix}"
    code, said, _ = run("--report", str(path))
    assert code == 0
    text = path.read_text(encoding="utf-8")
    text = unescape(text) if suffix == "html" else text.replace("\\", "")
    sentence = next(line for line in said.splitlines() if line.startswith("Distilling"))
    assert sentence in text
    assert "fidelity: share of the variance of the teacher's predictions" in text


EUROS = [f"€{price:,.2f}" for price in PRICE]
GERMAN = {"sep": ";", "decimal": ","}
WRITTEN = {
    "currency": (PLAIN.assign(price=EUROS), {}, (), "€"),
    "currency behind": (PLAIN.assign(price=[f"{p:.2f} EUR" for p in PRICE]), {}, (), "EUR"),
    "brackets and minus": (
        PLAIN.assign(price=[f"({p})" if i % 2 else f"\u2212{p}" for i, p in enumerate(PRICE)]),
        {}, (), "",
    ),
    "percent": (PLAIN.assign(price=[f"{p}%" for p in PRICE]), {}, (), "%"),
    "decimal commas": (PLAIN, GERMAN, ("--sep", ";", "--decimal", ","), ""),
    "thousands by points": (
        PLAIN.assign(price=[f"{p:,.2f}".translate(str.maketrans(",.", ".,")) for p in PRICE]),
        GERMAN, ("--sep", ";", "--decimal", ","), "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_people_write_them(run, tmp_path: Path, capsys, name: str) -> None:
    frame, written, options, unit = WRITTEN[name]
    keep = ["--keep", "direct", "--test-size", "0"]
    write(tmp_path)
    assert run(*keep)[0] == 0
    expected = predictions(tmp_path)["prediction"] * (-1 if "minus" in name else 1)
    _, test = write(tmp_path, frame, **written)
    code, _, noted = run(*keep, *options)
    assert code == 0, noted
    assert f"a number (120 different values{f', in {unit}' if unit else ''}): regr" in noted
    capsys.readouterr()
    np.testing.assert_allclose(predictions(tmp_path, *options)["prediction"], expected, rtol=1e-9)
    told = f"predictions of 'price' are in {unit}" in capsys.readouterr().err
    assert told == bool(unit)
    assert run("--test", test, "--keep", "direct", *options)[0] == 0  # held-out rows as well


@pytest.mark.parametrize("weighted", ["no", "yes"])
def test_counts_with_an_exposure(run, tmp_path: Path, capsys, weighted: str) -> None:
    """The rate is predicted, scored by the exposure, which is no feature."""
    twice = RNG.integers(1, 3, N)
    _, test = write(tmp_path, PLAIN.assign(twice=twice))
    options = [
        "--exposure",
        "years",
        "--drop",
        "price,house" + ",twice" * (weighted == "no"),
        "--test",
        test,
    ]
    options += ["--weight", "twice"] if weighted == "yes" else []
    path = tmp_path / "r.json"
    code, said, noted = run(
        *options, "--report", str(path), "--keep", "direct", target="claims", student="linear"
    )
    assert code == 0, noted
    assert "regression, as asked" in noted
    assert "y is what is to be predicted per unit of 'years' (--exposure)" in said
    capsys.readouterr()
    made = predictions(tmp_path)["prediction"]
    assert "are per unit of 'years': multiply them by it" in capsys.readouterr().err
    rates, weight = (PLAIN["claims"] / YEARS)[:HELD_OUT], YEARS[:HELD_OUT]
    weight = weight * twice[:HELD_OUT] if weighted == "yes" else weight
    record = json.loads(path.read_text())
    assert "years" not in record["data"]["columns"]
    row = next(r for r in record["table"]["rows"] if r["method"] == "student alone")
    expected = mean_poisson_deviance(rates, made, sample_weight=weight)
    assert row["poisson_deviance"]["mean"] == pytest.approx(expected)


def test_weights_groups_and_a_student_of_all_rows(run, tmp_path: Path) -> None:
    write(tmp_path, PLAIN.assign(street=RNG.integers(0, 30, N)))
    code, *_ = run("--weight", "years", "--groups", "street", "--test-size", "0")
    assert code == 0
    assert len(predictions(tmp_path)) == HELD_OUT


@pytest.mark.parametrize(
    ("options", "student", "headings"),
    [
        (["--loss", "absolute_error"], "tree", ["D2", "MAE", "RMSE", "share below", "fidelity"]),
        (["--quantile", "0.8"], "lightgbm", ["D2", "pinball loss", "share below", "fidelity"]),
        (["--power", "1.3"], "linear", ["D2", "Tweedie deviance", "RMSE", "calibration slope"]),
        (["--loss", "gamma"], "linear", ["D2", "Gamma deviance", "RMSE", "calibration slope"]),
    ],
)
def test_losses(run, tmp_path: Path, options, student, headings) -> None:
    write(tmp_path)
    code, said, _ = run(*options, "--strength", "0.5", student=student, teacher="histgb")
    if "--power" in options:
        assert code == 2  # histgb has no such loss
        code, said, _ = run(*options, "--strength", "0.5", student=student)
    assert code == 0
    header = said.splitlines()[1]
    assert [name for name in headings if name in header] == headings
    assert len(predictions(tmp_path)) == HELD_OUT


def test_unseen_categories_are_counted_and_infinity_is_named(run, tmp_path: Path, capsys) -> None:
    _, test = write(tmp_path)
    assert run("--test-size", "0", "--keep", "direct")[0] == 0
    PLAIN.iloc[:HELD_OUT].assign(town="east").to_csv(test, index=False)
    predictions(tmp_path)
    said = capsys.readouterr().err
    assert "100.0% of its cells (40 of 40) hold categories that no training row has" in said
    PLAIN.iloc[:HELD_OUT].assign(area=np.inf).to_csv(test, index=False)
    assert main(["predict", str(tmp_path / "m.joblib"), test]) == 2
    assert "'area' must hold finite numbers, got inf in data row 1" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_graph_says_what_is_new_as_the_saved_student_does(run, tmp_path: Path, capsys) -> None:
    pytest.importorskip("onnxruntime")
    train, test = write(tmp_path)
    kept = ["--drop", "sold", "--test-size", "0", "--keep", "direct", "--loss", "poisson"]
    assert run(*kept, student="linear", target="claims")[0] == 0
    model, graph = str(tmp_path / "m.joblib"), str(tmp_path / "m.onnx")
    assert main(["export", model, "--to", "onnx", "--data", train, "--out", graph]) == 0
    new = PLAIN.iloc[:HELD_OUT].assign(years=np.nan, town=["North", *["east"] * (HELD_OUT - 1)])
    new.to_csv(test, index=False)
    told = {}
    for path in (model, graph):
        capsys.readouterr()
        assert main(["predict", path, test, "--out", str(tmp_path / "p.csv")]) == 0
        said = capsys.readouterr().err.splitlines()
        told[path] = [line for line in said if "joblib file" not in line]
    assert told[graph] == told[model]
    assert "no value in 'years'" in told[graph][0]
    assert "100.0% of its cells (40 of 40) hold categories that no training row" in told[graph][1]
    assert "'North' may be what training rows have as 'north'" in told[graph][1]
    PLAIN.iloc[:HELD_OUT].assign(area=[1e9, -1e9] * 20).to_csv(test, index=False)
    for path in (model, graph):
        assert main(["predict", path, test]) == 2
        assert "far from those of training" in capsys.readouterr().err


def test_numbers_have_no_probabilities(run, tmp_path: Path, capsys) -> None:
    _, test = write(tmp_path)
    assert run("--test-size", "0", "--keep", "direct")[0] == 0
    command = ["predict", str(tmp_path / "m.joblib"), test]
    assert main([*command, "--proba"]) == 2
    assert "leave --proba out" in capsys.readouterr().err
    assert main(command) == 0


def test_the_loss_of_a_student_of_ones_own(run, tmp_path: Path) -> None:
    write(tmp_path)
    own = "tests.cli.learners:RATES"
    code, said, noted = run("--task", "regress", target="claims", student=own)
    assert code == 0, noted
    assert "Poisson deviance" in said
    code, _, said = run("--loss", "gamma", student=own)
    assert code == 2
    assert "leave loss='auto'" in said


def odd(**cells):
    """Return the table with cells of some rows changed."""
    frame = PLAIN.astype({"price": object})
    for column, (rows, value) in cells.items():
        frame = frame.astype({column: object})
        frame.loc[[HELD_OUT + row for row in rows], column] = value
    return frame


GERMAN_PRICES = PLAIN.assign(price=[f"{p:.2f}".replace(".", ",") for p in PRICE])
BOOSTED = ["--student", "lightgbm", "--teacher", "histgb"]
CLAIMS = ["--target", "claims"]
CASES = {  # frame, options, what is said, and options that are a cure; None: to mend the rows
    "empty": (odd(price=([4, 7], None)), [], "'price' is missing in 2 of 120 rows; remove", None),
    "n/a": (odd(price=([4, 7], "n/a")), [], "missing in 2 of 120 rows, first in data row 5", None),
    "text": (
        odd(price=([4], "sold")), [], ("'price' must hold a number in every row, got 'sold' in "
        "data row 5 (1 of 120 rows): mend these rows or remove them"), None,
    ),
    "infinite": (odd(price=([4], np.inf)), [], "must be finite, got inf in data row 5", None),
    "negative": (
        odd(price=([4], -1)), ["--loss", "gamma", *BOOSTED],
        "must be at least 0 for --loss gamma, got -1 in data row 5 (1 in all)",
        ["--loss", "squared_error"],
    ),
    "zero": (
        odd(claims=([3], 0)), [*CLAIMS, "--loss", "gamma", *BOOSTED],
        "must be above 0 for --loss gamma, got 0 in data row", [*CLAIMS, "--loss", "poisson"],
    ),
    "no exposure": (
        odd(years=([4], 0)), [*CLAIMS, "--exposure", "years"],
        "'years' (--exposure) must be positive, got 0 in data row 5 (1 in all)", None,
    ),
    "unknown exposure": (
        odd(years=([4], "?")), [*CLAIMS, "--exposure", "years"], "'years' is missing in 1 of", None
    ),
    "dates": (PLAIN, ["--target", "sold", "--task", "regress"], "must hold a number in every", []),
    "which quantile": (PLAIN, ["--loss", "quantile"], ("needs --quantile, which one: such as --quan"
                       "tile 0.9"), ["--loss", "quantile", "--quantile", "0.9", *BOOSTED]),
    "quantile of another loss": (
        PLAIN, ["--loss", "poisson", "--quantile", "0.5"], "is for --loss quantile, got --loss p",
        ["--loss", "poisson"],
    ),
    "power of another loss": (
        PLAIN, ["--loss", "poisson", "--power", "1.5"], "--power is for --loss tweedie, got", []
    ),
    "loss of classes": (
        PLAIN, ["--loss", "poisson", "--task", "classify"], ("--task classify does not go with "
        "--loss poisson, which is for numbers: leave one of them out"), ["--task", "regress"],
    ),
    "quantile of rates": (
        PLAIN, ["--quantile", "0.5", "--exposure", "years"], "--exposure does not go with quanti",
        ["--exposure", "years", "--loss", "squared_error"],
    ),
    "student without the loss": (
        PLAIN, ["--loss", "gamma"], ("--student tree cannot be had for --loss gamma: expected one "
        "of lightgbm, linear, xgboost, or module:attribute"),
        ["--loss", "gamma", "--student", "linear"],
    ),
    "teacher without the loss": (
        PLAIN, ["--teacher", "rf", "--quantile", "0.5"], ("--teacher rf cannot be had for --loss "
        "quantile: expected one of vote, stack, lightgbm, histgb"), ["--quantile", "0.5", *BOOSTED],
    ),
    "student of classes": (
        PLAIN, ["--student", "logistic"], ("--student logistic is for --task classify, and this is "
        "--task regress: expected one of lightgbm, tree, linear,"), ["--student", "linear"],
    ),
    "student of numbers": (
        PLAIN, [*CLAIMS, "--teacher", "rf", "--student", "linear"], ("--student linear is for "
        "--task regress, and this is --task classify: expected one of lightgbm, tree, logistic,"),
        [*CLAIMS, "--student", "linear", "--task", "regress"],
    ),
    "student of neither": (
        PLAIN, ["--student", "logit"], "unknown learner 'logit': expected one of lightgbm,", []
    ),
    "teacher of classes": (
        PLAIN, ["--teacher", "tests.cli.learners:FOREST"], ("ExtraTreesClassifier, expected a "
        "scikit-learn regressor (classifiers are for --task classify)"), [],
    ),
    "one number": (
        PLAIN.assign(price=7.0), ["--task", "regress"], "holds one number only, 7, in 120 row(s)",
        ["--target", "area"],
    ),
    "few rows": (
        PLAIN.iloc[: HELD_OUT + 4], ["--cv", "5"], "4 row(s) are fewer than the 5 that --cv 5 need",
        ["--cv", "2"],
    ),
}  # fmt: skip


def fit_plainly(folder: Path, options: list[str]) -> int:
    """Train a student directly; later options count."""
    learners = ["--teacher", WOOD, "--student", "tree"]
    for kind in learners[::2]:
        if kind in options:
            at = learners.index(kind)
            learners = learners[:at] + learners[at + 2 :]
    fixed = ["--cv", "3", "--target", "price", "--test-size", "0", "--keep", "direct"]
    paths = [str(folder / "train.csv"), "--out", str(folder / "m")]
    return main(["fit", *paths, *fixed, *learners, *options])


@pytest.mark.parametrize("name", CASES)
def test_errors_name_a_cure_that_works(tmp_path: Path, capsys, name: str) -> None:
    frame, options, said, cure = CASES[name]
    write(tmp_path, frame)
    assert fit_plainly(tmp_path, options) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("skdistill fit: error: ")
    assert said in line
    if cure is None:
        write(tmp_path, PLAIN)
    assert fit_plainly(tmp_path, options if cure is None else cure) == 0


def test_the_other_decimal_mark(tmp_path: Path, capsys) -> None:
    write(tmp_path, GERMAN_PRICES, sep=";")
    semicolons = ["--sep", ";", "--drop", "area,years"]
    assert fit_plainly(tmp_path, semicolons) == 2
    said = capsys.readouterr().err
    assert "seems to hold numbers with decimals set off by ',', such as '" in said
    assert "or --task classify if these are names" in said
    assert fit_plainly(tmp_path, [*semicolons, "--task", "regress"]) == 2
    assert "; --decimal , reads decimals set off by ','" in capsys.readouterr().err
    assert fit_plainly(tmp_path, [*semicolons, "--decimal", ","]) == 0


def test_calibrations_of_classes_are_refused(run, tmp_path: Path) -> None:
    write(tmp_path)
    code, _, said = run("--calibration", "sigmoid", "--test-size", "0")
    assert code == 2
    assert "linear" in said.splitlines()[-1]
    assert run("--calibration", "isotonic", "--test-size", "0")[0] == 0


@pytest.mark.parametrize("kind", ["parquet", "feather"])
@pytest.mark.parametrize("typed", ["float", "Float64", "Decimal", "text"])
def test_binary_files(tmp_path: Path, capsys, kind: str, typed: str) -> None:
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    if typed == "Decimal":
        prices = [decimal.Decimal(f"{price:.2f}") for price in PRICE]
    else:
        prices = [f"{price} EUR" for price in PRICE] if typed == "text" else pd.array(PRICE, typed)
    frame = PLAIN.assign(price=prices)
    for name, rows in (("train", frame[HELD_OUT:]), ("test", frame[:HELD_OUT])):
        getattr(rows.reset_index(drop=True), f"to_{kind}")(tmp_path / f"{name}.{kind}")
    path, test = (str(tmp_path / f"{name}.{kind}") for name in ("train", "test"))
    options = ["--out", str(tmp_path / "m"), "--teacher", WOOD, "--student", "tree", "--cv", "3"]
    assert main(["fit", path, "--target", "price", "--test", test, *options]) == 0
    unit = ", in EUR" if typed == "text" else ""
    assert f"a number (120 different values{unit}): regression" in capsys.readouterr().err


def test_a_linear_student_is_not_told_to_grow(run, tmp_path: Path) -> None:
    """The teacher is behind it: the student is trained directly."""
    write(tmp_path)
    code, said, _ = run(teacher="tests.cli.learners:SHRUNK", student="linear")
    assert code == 0
    assert "so the student was trained on the labels, as it would be alone." in said
    assert "try more leaves, depth or trees" not in said
