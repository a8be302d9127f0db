"""Reports as HTML: whole, self-contained, and safe with any name."""

import base64
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground.plain import plain
from skdistill.exceptions import ParameterError
from skdistill.inspection import DistillationReport, TeacherReport
from tests.common.data import sample

VOID = {"meta", "img", "br", "hr"}
EVIL = ["<b>x</b>", 'a"><script>alert(1)</script>', "c&d"]


class Page(HTMLParser):
    """Tags in order, text, attributes; every tag must be closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def pictures(self):
        return [value for tag, name, value in self.attributes if (tag, name) == ("img", "src")]


@pytest.fixture(scope="module")
def reports():
    """Reports of an estimator whose classes have dangerous names."""
    train, test = sample(3, 100), sample(3, 60, seed=1)
    names = np.array(EVIL)
    teacher = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
    student = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0)
    X, y = train.X, names[train.codes]
    model = DistilledClassifier(teacher, student, cv=3, random_state=0).fit(X, y)
    held_out = DistillationReport.from_estimator(
        model,
        test.X,
        names[test.codes],
        X_train=X,
        y_train=y,
        teacher="fit",
        latency_rows=(1,),
        budget=0.0,
    )
    return {"distillation": held_out, "teacher": TeacherReport.from_estimator(model, X, y)}


@pytest.fixture(params=["distillation", "teacher"])
def report(request, reports):
    return reports[request.param]


def test_saved_page_needs_nothing_else(report, tmp_path):
    path = tmp_path / "report.html"
    report.save(path)
    page = Page(path.read_text(encoding="utf-8"))
    assert not {"script", "link", "iframe", "object", "base"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "href", "srcset", "data", "action", "style"):
            assert value.startswith("data:image/svg+xml;base64,"), (tag, name, value[:80])
    style = "".join(page.text[: page.text.index(report.title) + 6])
    assert "url(" not in style
    assert "@import" not in style
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1


def test_pictures_are_whole_and_point_nowhere(report, tmp_path):
    report.save(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(page.pictures()) == len(report._pictures())
    alts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert alts == list(report._pictures())
    for source in page.pictures():
        svg = base64.b64decode(source.partition(",")[2]).decode("utf-8")
        root = ET.fromstring(svg)
        assert root.tag.endswith("svg")
        for element in root.iter():
            for name, value in element.attrib.items():
                if name.endswith(("href", "src")):
                    assert value.startswith(("#", "data:image/png;base64,")), value[:60]
                assert "url(http" not in value


def test_names_are_text_not_markup(report):
    text = report._repr_html_()
    page = Page(text)
    assert "b" not in page.tags
    assert "script" not in page.tags
    for name in EVIL:
        assert name in page.text
        assert name not in text  # what stands there is escaped


def test_tables_are_even_and_named(reports):
    text = reports["distillation"]._repr_html_()
    for table in text.split("<table>")[1:]:
        rows = table.partition("</table>")[0].split("<tr>")[1:]
        counts = {row.count("<th") + row.count("<td") for row in rows}
        assert len(counts) == 1
        assert all('<th scope="row">' in row for row in rows[1:])
    assert "teacher" in text
    assert f"{reports['distillation'].models['distilled'].scores['log_loss']:.4f}" in text
    assert "Log-loss counts probabilities below 0.001 as 0.001." in text


def test_notebooks_show_the_same_body(report, tmp_path):
    report.save(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    cell = Page(report._repr_html_())
    assert len(cell.pictures()) == len(page.pictures())
    inside = [text.strip() for text in page.text if text.strip()]
    shown = [text.strip() for text in cell.text if text.strip()]
    assert shown[1:] == inside[3:]  # after style; after title, style and heading


def test_without_matplotlib_a_notebook_shows_the_tables(report, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    text = report._repr_html_()
    assert "skdistill[plot]" in text
    assert "<img" not in text
    assert "<table>" in text
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"skdistill\[plot\]"):
        report.save(tmp_path / "report.html")


@pytest.fixture(scope="module")
def record():
    data = sample(2, 60)
    model = DistilledClassifier(None, DecisionTreeClassifier(max_depth=1), strength=0.5)
    return model.fit(data.X, data.y, teacher_proba=data.teacher).report_


def test_the_record_of_a_fit_shows_itself(record, tmp_path):
    assert "<dt>strength</dt><dd>0.5</dd>" in record._repr_html_()
    record.save(tmp_path / "fit.html")
    page = Page((tmp_path / "fit.html").read_text(encoding="utf-8"))
    facts = [text for text in map(str.strip, page.text) if text]
    assert facts[facts.index("strength") + 1] == "0.5"
    assert "\nstrength: 0.5\n" in str(record)


def test_the_record_of_a_fit_has_the_scores_of_the_teacher(record, monkeypatch):
    frame = record.frame()
    assert list(frame.index) == ["raw", "calibrated"]
    for row, scores in record.teacher.items():
        assert frame.loc[row].to_dict() == pytest.approx(scores)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"skdistill\[plot\]"):
        record.frame()


@pytest.mark.parametrize("name", ["report.pdf", "report"])
def test_other_formats_raise(report, record, name, tmp_path):
    for page in (report, record):
        with pytest.raises(ParameterError, match=r"path must end in \.html"):
            page.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_plain_values():
    given = {
        1: np.float64(0.5),
        "a": [np.nan, np.int64(3)],
        "b": np.array(["x"]),
        "c": (None, True),
    }
    assert plain(given) == {"1": 0.5, "a": [None, 3], "b": ["x"], "c": [None, True]}
    assert isinstance(plain(np.int64(3)), int)
