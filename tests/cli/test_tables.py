"""Columns of a table: their roles, classes that are too small, leaks, and ids."""

import numpy as np
import pytest

from skdistill.cli import tables
from skdistill.cli.columns import Column
from skdistill.cli.errors import CommandError
from skdistill.cli.tables import Special
from skdistill.cli.trials import Labelled
from skdistill.exceptions import LeakWarning

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"groups": "y"}, "--target and --groups both name the column 'y'"),
        ({"weight": "y"}, "--target and --weight"),
        ({"drop": ("a", "y")}, "--target and --drop"),
        ({"weight": "a", "groups": "a"}, "--weight and --groups both name the column 'a'"),
        ({"groups": "a", "drop": ("a",)}, "--groups and --drop"),
        ({"numeric": ("y",)}, "--target and --numeric"),
        ({"id": ("a",), "drop": ("a",)}, "--drop and --id"),
        ({"numeric": ("a",), "category": ("b", "a")}, "--numeric and --category"),
        ({"text": ("a",), "date": ("a",)}, "--text and --date"),
    ],
)
def test_a_column_has_one_role(options, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        Special("y", **options)
    assert Special("y", drop=("a", "a")).names == ["y", "a"]


@pytest.mark.parametrize("groups", [None, np.zeros(12, int)])
def test_rows_too_few_to_hold_some_out(groups) -> None:
    rows = Labelled(pd.DataFrame({"a": range(12)}), np.repeat(np.arange(6), 2), groups=groups)
    with pytest.raises(CommandError, match=r"t.csv: a share of 0.1 .* of 12 rows of 6 classes"):
        tables.split(rows, 0.1, 0, "t.csv")


@pytest.mark.parametrize("cell", [[1, 2], np.array([1, 2]), {"a": 1}])
def test_cells_of_several_values(frame, cell) -> None:
    nested = frame.assign(basket=pd.Series([None] + [cell] * (len(frame) - 1), dtype=object))
    with pytest.raises(CommandError, match="'basket' holds more than one value in a cell"):
        tables.labelled(nested, Special("y"), "t.parquet")
    tables.labelled(nested, Special("y", drop=("basket",)), "t.parquet")
    with pytest.raises(CommandError, match="'basket' holds more than one value in a cell"):
        tables.check_features(nested, ["income", "basket"], "t.parquet")
    assert list(tables.check_features(nested, ["income"], "t.parquet")) == ["income"]


def test_options_about_kinds_and_ids_are_roles_too() -> None:
    special = Special("y", id=("row",), numeric=("a", "b"), text=("c",), date=("d",))
    assert special.mentioned == ["y", "row", "a", "b", "c", "d"]
    assert special.names == ["y", "row"]
    assert special.asked == {"a": "number", "b": "number", "c": "text", "d": "date"}
    assert special.as_written == ["row", "c", "d"]
    assert special.elsewhere().mentioned == ["y"]


def test_features_in_the_order_of_rows_are_pointed_out(capsys) -> None:
    table = pd.DataFrame(
        {
            "Unnamed: 0": [3.5, 1, 2],
            "time": [0.1, 0.2, 0.3],
            "twice": [1, 2, 2],
            "hole": [1, None, 3],
            "flag": [True, False, True],
            "left": [1, 2, 7],
            "asked": [1, 2, 7],
        }
    )
    columns = [Column(name, "number") for name in table if name not in ("left", "asked")]
    columns += [Column("left", "id"), Column("asked", "number", asked=True)]
    tables.tell_order(table, columns, "t.csv")
    said = capsys.readouterr().err
    assert said.startswith("note: t.csv: 'Unnamed: 0', 'time' may be row numbers or times")
    tables.tell_order(table.iloc[:2], columns, "t.csv")
    assert "'time'" not in capsys.readouterr().err


@pytest.mark.parametrize("role", ["target", "weight"])
def test_infinite_labels_and_weights(frame, role: str) -> None:
    special = Special("count", weight="weight")
    column = getattr(special, role)
    odd = frame.astype({column: float})
    odd.loc[[4, 9], column] = [-np.inf, np.inf]
    with pytest.raises(
        CommandError, match=rf"'{column}' must be finite, got -inf in data row 5 \(2"
    ):
        tables.labelled(odd, special, "t.csv")
    tables.labelled(odd.drop([4, 9]), special, "t.csv")


def test_negative_weights_are_told_by_their_row_in_the_file(frame) -> None:
    odd = frame.astype({"weight": float})
    odd.loc[[4, 9], "weight"] = -1.5
    said = r"t.csv: column 'weight' must not be negative, got -1.5 in data row 5 \(2 in all\)"
    with pytest.raises(CommandError, match=said):
        tables.labelled(odd, Special("count", weight="weight"), "t.csv")
    assert tables.labelled(odd, Special("count"), "t.csv").weight is None


def test_a_missing_header_is_thought_of(frame) -> None:
    rows = frame.rename(columns={"income": "-1.25"})
    cure = "if its first line is no header, pass --no-header"
    with pytest.raises(CommandError, match=f"no column 'z'; it has '-1.25', .*: {cure}"):
        tables.labelled(rows, Special("z"), "t.data")
    with pytest.raises(CommandError, match=f"lacks 1 column.* 'z'; it has '-1.25', .*: {cure}"):
        tables.check_features(rows, ["z", "code"], "t.data")


def test_columns_that_are_numbered_have_no_names(frame) -> None:
    rows = frame.set_axis([str(i) for i in range(1, frame.shape[1] + 1)], axis=1)
    cure = "columns are named by number, from 1: leave --no-header out if the first line names them"
    with pytest.raises(CommandError, match=f"no column 'y'; it has '1', .*: {cure}$"):
        tables.labelled(rows, Special("y"), "t.data")
    with pytest.raises(CommandError, match=f"lacks 1 column.* 'y'; it has '1', .*: {cure}$"):
        tables.check_features(rows, ["y", "1"], "t.data")


KEEP = "keep more for training (smaller --test-size, 0 for all; or --test FILE)"


@pytest.mark.parametrize(
    ("left", "total", "cure"),
    [
        (3, 4, f"lower --cv to 3 or {KEEP}"),
        (1, 2, KEEP),
        (3, 3, "lower --cv to 3"),
        (1, 1, "give rows of more groups"),
    ],
)
def test_groups_left_for_the_folds(left: int, total: int, cure: str) -> None:
    groups = np.repeat(list("abcd"), 2)
    rows = Labelled(None, np.zeros(2 * total), groups=groups[: 2 * total])
    train = Labelled(None, np.zeros(2 * left), groups=groups[: 2 * left])
    with pytest.raises(CommandError) as caught:
        tables.check_groups(train, rows, 5, "sex", "t.csv")
    held_out = "" if left == total else f", of which {left} left for training after the hold-out"
    assert str(caught.value) == (
        f"t.csv has {total} group(s) of column 'sex'{held_out}, but --cv 5 needs at least 5, one a "
        f"fold: {cure}"
    )
    tables.check_groups(train, rows, left, "sex", "t.csv")


def test_rows_in_both_files_are_told(frame) -> None:
    special = Special("y", groups="family")
    rows = tables.labelled(frame, special, "t.csv")
    low = frame["family"] < 20
    train = tables.labelled(frame[low], special, "t.csv")
    tables.warn_of_leaks(train, tables.labelled(frame[~low], special, "t.csv"))
    with pytest.warns(LeakWarning) as caught:
        tables.warn_of_leaks(train, rows)
    said = [str(each.message) for each in caught]
    share = f"{low.mean():.1%} of the held-out rows are"
    assert [text.startswith(share) for text in said] == [True, True]
    assert "identical to a row" in said[0]
    assert f"... ({frame['family'][low].nunique()} in all)" in said[1]


def test_without_groups_only_equal_rows_are_told(frame) -> None:
    rows = tables.labelled(frame, Special("y"), "t.csv")
    with pytest.warns(LeakWarning, match="100.0% .* identical") as caught:
        tables.warn_of_leaks(rows, rows)
    assert len(caught) == 1
