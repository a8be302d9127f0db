"""Reading files: separators, decimals, what is text, and what is said of a file that is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest

from skdistill.cli import files, main
from skdistill.cli.errors import CommandError, listed
from skdistill.cli.files import Layout

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")


@pytest.mark.parametrize(
    ("name", "sep", "layout"),
    [
        ("t.csv", ",", Layout()),
        ("t.csv", ";", Layout(";")),
        ("t.csv.gz", "\t", Layout("\t")),
        ("t.tsv", "\t", Layout()),
        ("t.tsv.gz", "\t", Layout()),
        ("t.tsv", "|", Layout("|")),
        ("T.CSV", ",", Layout()),
        ("T.TSV.GZ", "\t", Layout()),
    ],
)
def test_every_separator_gives_the_same_table(frame, tmp_path, name, sep, layout) -> None:
    frame.to_csv(tmp_path / "plain.csv", index=False)
    frame.to_csv(tmp_path / name, index=False, sep=sep)
    plain = files.read(str(tmp_path / "plain.csv"), Layout())
    pd.testing.assert_frame_equal(files.read(str(tmp_path / name), layout), plain)


def test_decimals_are_not_set_off_as_cells_are(tmp_path) -> None:
    path = str(tmp_path / "t.csv")
    for text in ("a,b\n1,2\n", "sep=,\na,b\n1,2\n"):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(CommandError, match="cells and decimals cannot both be set off by ','"):
            files.read(path, Layout(decimal=","))
        assert files.read(path, Layout()).to_dict("list") == {"a": [1], "b": [2]}
    (tmp_path / "t.csv").write_text("sep=;\na;b\n1,5;2\n")
    assert files.read(path, Layout(decimal=",")).to_dict("list") == {"a": [1.5], "b": [2]}


@pytest.mark.parametrize("name", ["t.txt", "t.data", "t.dat.gz"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|", r"\s+"])
def test_separators_of_other_files_are_found_out(tmp_path, capsys, name: str, sep: str) -> None:
    table = pd.DataFrame({"a": [1.5, 2.5], "b": [3, 4], "c": ["x", "y"]})
    path = str(tmp_path / name)
    table.to_csv(path, index=False, sep=" " if sep == r"\s+" else sep)
    pd.testing.assert_frame_equal(files.read(path, Layout()), table, check_dtype=False)
    shown = {"\t": "tab", r"\s+": "blanks"}.get(sep, repr(sep))
    assert f"cells are taken to be separated by {shown} (another" in capsys.readouterr().err


def test_cells_of_blanks_are_empty_and_names_have_none_at_their_ends(tmp_path) -> None:
    """Else all groups of blanks would be one group."""
    path = tmp_path / "t.csv"
    path.write_text('a , b,"c "\n1,  ,x\n2,"\t ",\n , y ," "\n')
    read = files.read(str(path), Layout())
    assert list(read) == ["a", "b", "c"]
    assert read.isna().to_numpy().tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 1]]


def test_a_file_that_is_read_twice_is_spoken_of_once(tmp_path, capsys) -> None:
    """Whole labels are looked at as they are written, too."""
    path = tmp_path / "t.txt"
    path.write_text("a\ty\n1.5\t01\n2.5\t02\n\t\n")
    assert files.read(str(path), Layout(), labels="y")["y"].tolist() == ["01", "02"]
    said = capsys.readouterr().err
    assert said.count("separated by tab") == said.count("1 empty row(s)") == 1


def test_an_empty_row_at_the_end_changes_no_number(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1.5,1\n2.5,2\n,\n")
    assert files.read(str(path), Layout())["y"].dtype.kind == "i"


def test_decimal_commas_are_numbers(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("a;b\n0,5;x,y\n-1,25;z\n")
    read = files.read(str(tmp_path / "t.csv"), Layout(";", ","))
    assert read["a"].tolist() == [0.5, -1.25]
    assert read["b"].tolist() == ["x,y", "z"]


@pytest.mark.parametrize(
    ("name", "first", "said"),
    [("t.csv", "a;b", "--sep ';'"), ("t.csv", "a\tb", "--sep tab"), ("t.tsv", "a,b", "--sep ','")],
)
@pytest.mark.parametrize("row", ["1", "0,5"])  # a decimal comma makes two cells of one
def test_another_separator_is_recognised(tmp_path, name, first, row, said: str) -> None:
    (tmp_path / name).write_text(f"{first}\n{row}\n{row}\n")
    with pytest.raises(CommandError, match=said):
        files.read(str(tmp_path / name), Layout())


def test_more_cells_than_names(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2,3\n4,5,6\n")
    with pytest.raises(CommandError, match="rows of more cells than its first line names"):
        files.read(str(tmp_path / "t.csv"), Layout())
    (tmp_path / "t.csv").write_text("a,b\n1,2\n4,5,6\n")
    with pytest.raises(CommandError, match="line 3"):
        files.read(str(tmp_path / "t.csv"), Layout())
    (tmp_path / "t.csv").write_text("a,b\n1,2,\n4,5,\n")  # a separator at the end is no cell
    assert files.read(str(tmp_path / "t.csv"), Layout()).to_dict("list") == {
        "a": [1, 4],
        "b": [2, 5],
    }


def test_one_column_is_of_one_kind_in_a_long_file(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("code\n" + "07\n" * 200_000 + "B7\n")
    assert set(files.read(str(tmp_path / "t.csv"), Layout())["code"]) == {"07", "B7"}


def test_only_text_is_text() -> None:
    table = pd.DataFrame(
        {
            "text": ["01", None, "2"],
            "category": pd.Categorical(["a", None, "b"]),
            "number": [1, 2, 3],
            "numbers": pd.Categorical([1, 2, 3]),
            "flag": np.array([True, None, False], dtype=object),
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "empty": np.array([None, None, None], dtype=object),
        }
    )
    assert files.text_columns(table) == ["text", "category"]


@pytest.mark.parametrize(
    ("sep", "decimal", "encoding", "paths", "said"),
    [
        (",", ",", None, ["t.tsv"], "cells and decimals"),
        (";", None, None, ["t.parquet", None], "CSV files"),
        (None, ".", None, ["t.parquet"], "CSV files"),
        (None, None, "cp1252", ["t.parquet"], "--encoding say how CSV files"),
    ],
)
def test_layouts_that_cannot_be(sep, decimal, encoding, paths, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        files.layout(SimpleNamespace(sep=sep, decimal=decimal, encoding=encoding), *paths)


def test_a_layout_is_for_the_text_files_among_others() -> None:
    args = SimpleNamespace(sep=None, decimal=",", encoding="cp1252")
    assert files.layout(args, "train.parquet", "test.tsv") == Layout(None, ",", "cp1252")
    args = SimpleNamespace(sep=None, decimal=None, encoding=None)
    assert files.layout(args, "train.csv") == Layout(None, ".", "utf-8")


@pytest.mark.parametrize("sep", ["", ";;", '"', "\n"])
def test_separators_are_one_character(sep: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "student.joblib", "t.csv", "--sep", sep])
    assert "expected one character, or tab" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["", "nowhere", "base64"])
def test_encodings_have_names(encoding: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "student.joblib", "t.csv", "--encoding", encoding])
    assert "expected an encoding such as utf-8 or cp1252" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_encodings(tmp_path, name: str, encoding: str) -> None:
    table = pd.DataFrame({"größe": ["Ärmel", "weiß"], "b": [1, 2]})
    path = str(tmp_path / name)
    table.to_csv(path, index=False, encoding=encoding)
    read = files.read(path, Layout(encoding=encoding))
    assert read.to_dict("list") == table.to_dict("list")
    assert list(read) == list(table)


@pytest.mark.parametrize("text", ["a,größe\n1,2\n", "a,b\n1,weiß\n"])
def test_another_encoding_is_asked_for(tmp_path, text: str) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(CommandError, match=r"t\.csv cannot be read in utf-8 .*--encoding cp1252"):
        files.read(str(tmp_path / "t.csv"), Layout())
    with pytest.raises(CommandError, match=r"t\.csv cannot be read in utf-16 .*another --encoding"):
        files.read(str(tmp_path / "t.csv"), Layout(encoding="utf-16"))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zip", "t.tsv", "t.parquet", "t.pq"])
def test_files_that_are_not_there(tmp_path, name: str) -> None:
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    path = str(tmp_path / name)
    with pytest.raises(FileNotFoundError) as caught:
        files.read(path, Layout())
    assert str(caught.value).endswith(f"No such file or directory: {path!r}")


def test_columns_of_one_name(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('\ufeff"age",b,age,b,b,c\n1,2,3,4,5,6\n', encoding="utf-8")
    with pytest.raises(CommandError, match="more than one column named 'age', 'b': rename"):
        files.read(str(path), Layout())
    path.write_text("age,age.1,,\n1,2,3,4\n")  # columns without a name are told apart by place
    names = ["age", "age.1", "Unnamed: 2", "Unnamed: 3"]
    assert list(files.read(str(path), Layout())) == names


def test_no_parquet_at_all(tmp_path) -> None:
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="cannot be read as Parquet"):
        files.read(str(tmp_path / "t.parquet"), Layout())


def test_a_named_index_of_parquet_is_a_column(tmp_path) -> None:
    """As in the CSV that pandas writes of it; row numbers without a name are none."""
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    path = str(tmp_path / "t.parquet")
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=pd.Index([7, 5], name="id"))
    table.to_parquet(path)
    assert files.read(path, Layout()).to_dict("list") == {"id": [7, 5], "a": [1, 2], "b": [3, 4]}
    table.rename_axis(None).to_parquet(path)
    read = files.read(path, Layout())
    assert read.to_dict("list") == {"a": [1, 2], "b": [3, 4]}
    assert list(read.index) == [0, 1]


def test_numbers_as_names_of_columns(tmp_path) -> None:
    """Parquet keeps them; the options of the command line are text."""
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    path = str(tmp_path / "t.parquet")
    pd.DataFrame({0: [1, 2], 1: [3, 4]}).to_parquet(path)
    assert list(files.read(path, Layout())) == ["0", "1"]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.csv.zip"])
@pytest.mark.parametrize("kind", ["cut short", "plain text"])
def test_files_that_cannot_be_unpacked(tmp_path, name: str, kind: str) -> None:
    path = tmp_path / name
    if kind == "cut short":
        numbers = np.random.default_rng(0).random((500, 2))
        pd.DataFrame(numbers, columns=["a", "b"]).to_csv(path, index=False)
        path.write_bytes(path.read_bytes()[:-2000])
    else:
        path.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match=rf"{name} cannot be unpacked: .+"):
        files.read(str(path), Layout())


def test_labels_with_leading_zeros_are_text(tmp_path) -> None:
    """Else "01" and "1" were one class, and predictions would not name it as the file does."""
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,01\n02,1\n03,10\n")
    assert files.read(str(path), Layout(), labels="y").to_dict("list") == {
        "a": [1, 2, 3],
        "y": ["01", "1", "10"],
    }
    path.write_text("a,y\n1,0\n02,1\n03,10\n")
    assert files.read(str(path), Layout(), labels="y")["y"].tolist() == [0, 1, 10]
    assert list(files.read(str(path), Layout(), labels="no such column")) == ["a", "y"]


def test_long_lists_are_cut() -> None:
    assert listed("abc") == "'a', 'b', 'c'"
    assert listed(range(1234)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... (1,234 in all)"
