"""The progress bar, and tables as text, Markdown and HTML."""

import html
import io
import re

import pytest

from skdistill._ground.estimates import Estimate
from skdistill._ground.html import size_text
from skdistill.cli import progress, render
from skdistill.cli.board import Board, Row, Verdict
from skdistill.cli.class_scores import CLASS_TABLE

METHODS = CLASS_TABLE.methods
COLUMNS = [figure.name for figure in CLASS_TABLE.figures]


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _steps() -> None:
    with progress.Progress(2) as bar:
        bar.start("first")
        bar.done()
        bar.start("second")
        bar.done("second is over")


def test_bar_on_a_terminal_is_wiped_at_the_end(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    _steps()
    text = progress.sys.stderr.getvalue()
    assert "\n" not in text
    assert "1/2" in text
    assert "[" + "#" * 24 + "] 2/2" in text
    assert text.endswith("\r")
    assert not text.split("\r")[-2].strip()


def test_terse_lines_elsewhere(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    _steps()
    lines = progress.sys.stderr.getvalue().splitlines()
    assert lines == ["[1/2] first", "[2/2] second", "[2/2] second is over"]


@pytest.fixture
def report() -> render.Report:
    figures = {column: Estimate(0.5, 0.01) for column in COLUMNS}
    figures |= {"size_bytes": Estimate(12_345.0), "microseconds_per_row": Estimate(1234.5)}
    rows = tuple(Row(method, figures) for method in METHODS)
    board = Board("a<b>.csv | tree", CLASS_TABLE, rows, Verdict(Estimate(-0.1, 0.01), 0.02))
    sections = {"data": {"columns": ["<x>", "a|b"], "inner": {"share": 0.25, "none": None}}}
    return render.Report("a<b>.csv | tree", "Distilling paid.", board, sections)


def test_text_table_is_aligned(report) -> None:
    title, header, rule, *lines = render.text_table(report.board).splitlines()
    assert title == "a<b>.csv | tree"
    assert {len(line) for line in (header, *lines)} == {len(rule)}
    assert "0.5000 ± 0.0100" in lines[0]
    assert "12.3 kB" in lines[0]
    assert "1,234 µs" in lines[0]


def test_markdown_has_one_cell_per_column_and_escapes(report) -> None:
    lines = render.markdown_table(report.board).splitlines()
    assert len(lines) == 2 + len(METHODS)
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 2}
    text = render.FORMATS[".md"](report)
    assert r"a\|b" in text
    assert "- data: inner" not in text
    assert "- inner: share: 0.25" in text


def test_html_escapes(report) -> None:
    text = render.FORMATS[".html"](report)
    assert "<x>" not in text
    assert html.escape("<x>") in text
    assert text.count("<tr>") == 1 + len(METHODS)


@pytest.mark.parametrize(
    ("size", "said"),
    [(7, "7 B"), (1500, "1.5 kB"), (2.5e6, "2.5 MB"), (3e9, "3 GB"), (4e13, "4e+04 GB")],
)
def test_sizes(size: float, said: str) -> None:
    assert size_text(size) == said


def test_unknown_report_extension(report, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"expected the extension \.json"):
        render.write_report(report, tmp_path / "report.pdf")


def test_how_long_a_fit_still_takes(fit, capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", -1.0)
    assert fit() == 0
    said = capsys.readouterr().err
    assert re.search(r"^\[2/6\] .*: 1/\d, about \d+ s left$", said, re.MULTILINE)
