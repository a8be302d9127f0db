"""The two tasks of the command line: what differs between classes and numbers, in a record each."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    AbsoluteError,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    Gamma,
    NumericLoss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)
from skdistill.cli import names, number_names
from skdistill.cli.class_scores import CLASS_TABLE, ClassRuler
from skdistill.cli.classes import check_classes, check_known_classes
from skdistill.cli.errors import CommandError, note
from skdistill.cli.figures import Table
from skdistill.cli.names import Named, Wanted
from skdistill.cli.number_scores import NumberRuler, rank_correlation
from skdistill.cli.numbers import check_domain, check_numbers
from skdistill.cli.scoreboard import Ruler
from skdistill.cli.suspicion import Perfection
from skdistill.cli.targets import TASKS, Asked
from skdistill.cli.trials import Labelled, Learning
from skdistill.students import DirectRegressor, DirectStudent, resolve, resolve_regressor

__all__ = ["CLASSIFY", "CliTask", "asked", "regress", "task_of"]


@dataclass(frozen=True)
class CliTask:
    """What ``fit`` must know of its task.

    Attributes
    ----------
    name : str
        As ``--task`` has it.
    table : Table
        Where models are compared.
    learning : Learning
        How models are made.
    chooses : callable
        `DistilledClassifierCV` or `DistilledRegressorCV`.
    teachers, students : mapping of str to Named
        Learners with a short name.
    wanted : Wanted
        What other learners must be.
    settings : mapping
        Parameters of the distiller beside those of the options.
    facts : callable
        Takes a fitted distiller, returns what a report says of the target.
    calibration : str
        That of the teacher, where none is asked for.
    stratified : bool
        Whether held-out rows keep the shares of the classes.
    check : callable
        Raises CommandError where there are too few rows of a kind for some purpose.
    check_values : callable
        Raises it where y cannot be predicted, row by row of a file.
    check_held_out : callable
        Raises it where held-out rows have what cannot be known.
    ruler : callable
        Returns what scores models that were fitted on some rows.
    perfection : Perfection
        What is too good to be true.
    """

    name: str
    table: Table
    learning: Learning
    chooses: Callable[..., Any]
    teachers: Mapping[str, Named]
    students: Mapping[str, Named]
    wanted: Wanted
    settings: Mapping[str, Any]
    facts: Callable[[Any], dict[str, Any]]
    calibration: str
    stratified: bool
    check: Callable[[np.ndarray, int, str, str, str], None]
    check_values: Callable[[np.ndarray, str, str], None]
    check_held_out: Callable[[Labelled, Labelled], None]
    ruler: Callable[[Labelled], Ruler]
    perfection: Perfection

    def learner(self, kind: str, spec: str, seed: int) -> BaseEstimator:
        """Return the ``teacher`` or ``student`` that `spec` names."""
        known = self.teachers if kind == "teacher" else self.students
        other = _NAMES[self.other]
        if spec not in known and spec in other[kind]:
            raise CommandError(
                f"--{kind} {spec} is for --task {self.other}, and this is --task {self.name}: "
                f"expected one of {', '.join(known)}, module:attribute, or the other task"
            )
        return names.resolve(spec, known, seed, self.wanted)

    def student_learners(self, specs: Sequence[str], seed: int) -> dict[str, BaseEstimator]:
        """Return the students that `specs` name, by name; all with a short name for ``auto``.

        Of ``auto`` those whose package is not installed are left out, with a note.
        """
        if list(specs) != ["auto"]:
            return {spec: self.learner("student", spec, seed) for spec in specs}
        found, missing = {}, []
        for name, named in self.students.items():
            try:
                found[name] = named.build(seed)
            except CommandError as error:  # its package is not installed
                if not isinstance(error.__cause__, ImportError):
                    raise
                missing.append(name)
        if missing:
            note(f"--student auto leaves out {', '.join(missing)}: not installed")
        return found

    @property
    def other(self) -> str:
        """The name of the other task."""
        return next(name for name in TASKS if name != self.name)


_NAMES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "classify": {"teacher": names.TEACHERS, "student": names.STUDENTS},
    "regress": {"teacher": number_names.TEACHERS, "student": number_names.STUDENTS},
}


def _direct_student(student: BaseEstimator) -> DirectStudent:
    return DirectStudent(resolve(student))


def _direct_regressor(student: BaseEstimator) -> DirectRegressor:
    return DirectRegressor(resolve_regressor(student))


def _class_tree(y: np.ndarray) -> BaseEstimator:
    return DecisionTreeClassifier(max_leaf_nodes=2 * len(np.unique(y)), random_state=0)


def _number_tree(y: np.ndarray) -> BaseEstimator:
    return DecisionTreeRegressor(random_state=0)


def _any_values(y: np.ndarray, column: str, path: str) -> None:
    """Any value may be a class."""


def _class_ruler(rows: Labelled) -> Ruler:
    return ClassRuler(np.unique(rows.y))


CLASSIFY = CliTask(
    name="classify",
    table=CLASS_TABLE,
    learning=Learning(
        baseline=CLASS_TABLE.baseline,
        constant=lambda: DummyClassifier(strategy="prior"),
        distiller=DistilledClassifier,
        direct=_direct_student,
        said="predict_proba",
        given="teacher_proba",
    ),
    chooses=DistilledClassifierCV,
    teachers=names.TEACHERS,
    students=names.STUDENTS,
    wanted=names.CLASSIFIER,
    settings={},
    facts=lambda distilled: {"classes": distilled.classes_.tolist()},
    calibration="sigmoid",
    stratified=True,
    check=check_classes,
    check_values=_any_values,
    check_held_out=check_known_classes,
    ruler=_class_ruler,
    perfection=Perfection(
        what="accuracy",
        of=lambda row: row.figures["accuracy"].mean,
        tree=_class_tree,
        score=lambda tree, X, y: float(tree.score(X, y)),
        perfect=0.99995,  # 1.0000 as it is written
        telling=0.99995,
        doubtful=0.99995,
    ),
)


def regress(loss: NumericLoss) -> CliTask:
    """Return the task of predicting numbers by a loss."""
    ruler = NumberRuler(loss)
    return CliTask(
        name="regress",
        table=ruler.table,
        learning=Learning(
            baseline=ruler.table.baseline,
            constant=lambda: _constant(loss),
            distiller=DistilledRegressor,
            direct=_direct_regressor,
            said="predict",
            given="teacher_pred",
        ),
        chooses=DistilledRegressorCV,
        teachers=number_names.having(number_names.TEACHERS, loss),
        students=number_names.having(number_names.STUDENTS, loss),
        wanted=names.REGRESSOR,
        settings={"loss": loss},
        facts=lambda _: {"loss": repr(loss)},
        calibration="linear",
        stratified=False,
        check=check_numbers,
        check_values=partial(check_domain, loss),
        check_held_out=_any_rows,
        ruler=lambda _: ruler,
        # By ranks: of numbers far apart a tree finds the order, though not the values.
        perfection=Perfection(
            what="rank correlation",
            of=lambda row: 0.0 if row.order is None else row.order.mean,
            tree=_number_tree,
            score=lambda tree, X, y: rank_correlation(y, tree.predict(X)).mean,
            perfect=0.9995,
            telling=0.995,
            doubtful=0.98,
        ),
    )


def _constant(loss: NumericLoss) -> BaseEstimator:
    """Return the best constant by a loss."""
    if loss.level is None:
        return DummyRegressor(strategy="mean")
    return DummyRegressor(strategy="quantile", quantile=loss.level)


def _any_rows(train: Labelled, held_out: Labelled) -> None:
    """Any number may be held out."""


def asked(args: argparse.Namespace) -> Asked:
    """Return what the options of ``fit`` say of the target."""
    given = {
        "--loss": None if args.loss == "auto" else args.loss,
        "--quantile": args.quantile,
        "--power": args.power,
        "--exposure": args.exposure,
    }
    named = [f"{option} {value}" for option, value in given.items() if value is not None]
    return Asked(args.task, tuple(named))


def task_of(name: str, args: argparse.Namespace) -> CliTask:
    """Return the task of that name, with the loss that the options ask for.

    Raises
    ------
    CommandError
        If options contradict each other, or no learner of that name has the loss.
    """
    if name == "classify":
        return CLASSIFY
    loss = _loss(args)
    asked_for = {"teacher": [args.teacher], "student": args.students}
    for kind, known in _NAMES[name].items():
        others = number_names.having(known, loss)
        for spec in asked_for[kind]:
            if spec in known and spec not in others:
                raise CommandError(
                    f"--{kind} {spec} cannot be had for --loss {loss.name}: expected one of "
                    f"{', '.join(others)}, or module:attribute"
                )
    return regress(loss)


def _loss(args: argparse.Namespace) -> NumericLoss:
    """Return the loss that the options ask for."""
    name = args.loss
    own = [spec for spec in args.students if ":" in spec]
    if name == "auto" and own and args.quantile is None and args.power is None:
        student = names.resolve(own[0], {}, args.seed, names.REGRESSOR)
        loss = resolve_regressor(student).default_loss
    else:
        usual = "squared_error" if args.exposure is None else "poisson"
        usual = usual if args.power is None else "tweedie"
        usual = usual if args.quantile is None else "quantile"
        name = usual if name == "auto" else name
        _check_setting("quantile", args.quantile, "quantile", name)
        _check_setting("power", args.power, "tweedie", name)
        if name == "quantile" and args.quantile is None:
            raise CommandError(
                "--loss quantile needs --quantile, which one: such as --quantile 0.9"
            )
        loss = _LOSSES[name](args)
    if args.exposure is not None and loss.level is not None:
        raise CommandError(
            f"--exposure does not go with {loss.name}: a quantile of a total is not that of its "
            "parts; pass --loss poisson, gamma, tweedie or squared_error, or leave --exposure out"
        )
    return loss


def _check_setting(option: str, value: float | None, needed: str, name: str) -> None:
    if value is not None and name != needed:
        raise CommandError(
            f"--{option} is for --loss {needed}, got --loss {name}: leave one of them out"
        )


_LOSSES: Mapping[str, Callable[[argparse.Namespace], NumericLoss]] = {
    "squared_error": lambda _: SquaredError(),
    "absolute_error": lambda _: AbsoluteError(),
    "quantile": lambda args: Quantile(args.quantile),
    "poisson": lambda _: Poisson(),
    "gamma": lambda _: Gamma(),
    "tweedie": lambda args: Tweedie(1.5 if args.power is None else args.power),
}
