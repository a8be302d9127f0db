"""The table of learners: what it says of those that follow, do not, fail, or are not there."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from benchmarks import compatibility
from benchmarks.compatibility import CASES, Case, Outcome, outcome, summary, tried

NAIVE = "sklearn.naive_bayes.GaussianNB()"


class Deaf(GaussianNB):
    """Leaves the weights unused, and fails where it is not tried."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


def of(monkeypatch, learner):
    monkeypatch.setattr(Case, "learner", lambda _: learner)
    return outcome(Case("scikit-learn", NAIVE))


def test_a_learner_that_follows():
    found = outcome(Case("scikit-learn", NAIVE))
    assert (found.teacher, found.route, found.reason) == ("yes", "replication", "")
    assert found.follows > 0.5
    assert found.jump < 0.01
    table = summary(pd.DataFrame([found]))
    assert table["follows"][0].startswith("yes (0.")
    assert table["learner"][0] == "GaussianNB()"
    assert table["student, by route"][0] == "replication"


def test_one_that_does_not_is_shown_as_such(monkeypatch):
    """Were it not refused: learners of the tests pass as known."""
    found = of(monkeypatch, Deaf())
    assert abs(found.follows) < 0.1
    assert found.jump > 0.05
    table = summary(pd.DataFrame([found]))
    assert table["follows"][0].startswith("no (")
    assert table["jump at 1"][0].endswith(" !")


@pytest.mark.tries
def test_a_deaf_one_is_refused(monkeypatch):
    found = of(monkeypatch, Deaf())
    assert found.teacher == "yes"
    assert found.reason.startswith("refused: Deaf takes sample_weight and does not follow it")
    assert summary(pd.DataFrame([found]))["follows"][0] == ""


def test_two_classes_only():
    make = f"sklearn.model_selection.FixedThresholdClassifier({NAIVE})"
    found = outcome(Case("scikit-learn", make))
    assert found.follows > 0.5
    said = summary(pd.DataFrame([found]))["student, by route"][0]
    assert said == (
        "search > replication; three classes refused: FixedThresholdClassifier takes two classes "
        "only, and y has 3"
    )


def test_packages_that_are_missing():
    found = outcome(Case("no-such-package", "no_such_package.Learner()"))
    expected = Outcome("no-such-package", "not installed", "no_such_package.Learner()", "")
    assert repr(found) == repr(expected)  # NaN equals nothing


def test_a_process_that_ends_leaves_a_row(monkeypatch):
    calls = []

    class Done:
        stdout = "noise\n" + json.dumps(vars(Outcome("scikit-learn", "1", NAIVE, "yes"))) + "\n"
        returncode = -11

    def run(command, **_):
        calls.append(command)
        return Done

    monkeypatch.setattr(compatibility.subprocess, "run", run)
    rows = list(tried([Case("scikit-learn", NAIVE), Case("scikit-learn", "other")]))
    assert len(calls) == 1
    assert [row.learner for row in rows] == [NAIVE, "other"]
    assert rows[1].reason == "failed: the process ended with -11"


def test_the_page_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(compatibility, "CASES", [Case("scikit-learn", NAIVE)])
    compatibility.main(["--quick", "--out", str(tmp_path)])
    table = pd.read_csv(tmp_path / "compatibility.csv")
    assert table["student, by route"].tolist() == ["replication"]
    assert np.isfinite(pd.read_csv(tmp_path / "raw" / "compatibility.csv")["follows"]).all()
    assert "columns turned round" in (tmp_path / "compatibility.md").read_text(encoding="utf-8")


def test_every_learner_is_named_once():
    assert len({case.make for case in CASES}) == len(CASES)
