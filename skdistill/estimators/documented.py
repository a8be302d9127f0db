"""What the docstrings of the four estimators share, written once.

A line that is ``$name`` alone stands for the entry `name` of one of the texts below, with the words
of its task put in (see `skdistill._ground.docstrings`).
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from skdistill._ground.docstrings import entries, filled

__all__ = ["CHOICE", "CLASSES", "FIT", "NUMBERS", "SINGLE", "documented"]

CLASSES = {
    "single": "DistilledClassifier",
    "folds": "stratified folds",
    "said": "probabilities",
    "suffix": "proba",
    "shape": "(n, K)",
    "further": "(N, K)",
}
NUMBERS = {
    "single": "DistilledRegressor",
    "folds": "folds",
    "said": "predictions",
    "suffix": "pred",
    "shape": "(n,) or (n, m)",
    "further": "(N,) or (N, m)",
}


SINGLE = entries("""
cv : int, splitter, iterable of (train, test), or None, default=5
    Folds of the teacher. An integer draws $folds shuffled by `random_state`, None five of them;
    with `groups` no group is split. Rows that no test fold holds (time-ordered splits) are left out
    of the student's fit, with a warning that counts them, unless a strength of 1 is found: a
    student trained directly needs no teacher's word.
synthetic : {"munge"}, Munge or None, default=None
    Synthetic rows to fit the student on as well, made of pairs of rows of a fold and labelled by
    its teacher (see `Munge`). Left out, with a warning, where the strength is found to be 1.
n_repeats : int, default=1
    How often integer folds are drawn anew; the $said are averaged.
device : {"cpu", "cuda", "auto"}, default="cpu"
    Where a LightGBM, XGBoost, linear or MLP student is fitted; "auto" takes the GPU where there is
    one for it, and warns where not.
size : {"direct", "free"}, default="direct"
    "direct" keeps trees, forests and boosters to the nodes of the direct student, at the cost of
    one fit of it; soft targets would let some grow several times as large, "free" does.
memory : str, joblib.Memory or None, default=None
    Caches every fold's teacher: a search over student settings fits each teacher once, and an
    interrupted fit goes on where it stopped.
n_jobs : int or None, default=None
    Folds fitted at once. The learners' threads are bounded so that folds times threads do not
    exceed the cores. Inside ``joblib.parallel_config("dask")`` or ``"ray"`` the cluster's.
random_state : int, RandomState or None, default=None
    Shuffles integer folds. Teacher and student keep their own random states.
verbose : int, default=0
    Above 0 reports the folds as scikit-learn's cross-validation does, logs the stages of the fit
    (above 1 their folds) to the logger "skdistill" at level INFO, and prints the note of
    `report_` where the strength is found to be 1: no warning, for that is a result like any other,
    and would come with every fold of a search.
strength_ : float or None
    The strength used; None where the correction has a constant of its own.
route_ : Route
    How the student consumed its targets, and why.
teacher_${suffix}_ : array of shape $shape
    Uncalibrated out-of-fold $said; NaN in rows without weight or fold.
calibrated_${suffix}_ : array of shape $shape
    The same, calibrated: what the student was taught before the correction.
fold_ : array of shape (n,)
    Fold of each row, the first where there are several; -1 where the teacher labelled none.
transfer_${suffix}_, synthetic_${suffix}_ : array of shape $further
    Uncalibrated $said of transfer rows and of synthetic ones, where there were any.
report_ : FitReport
    What the fit did.
n_features_in_, feature_names_in_ : int, array of shape (n_features,)
    Number of features, and their names where X has them.
coef_, intercept_, feature_importances_ : array
    Those of the student, where it has them and sees these features (no Pipeline).
""")

CHOICE = entries("""
cv : int, splitter, iterable of (train, test), or None, default=5
    Folds, as in `$single`; at least three.
strengths : sequence of float in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
    How far the teacher is corrected. 0 is always tried.
corrections : sequence of str, Correction or None, default=("orthogonal",)
    As `correction` of `$single`.
synthetics : "auto", or sequence of {"munge"}, Munge or None, default=(None,)
    As `synthetic` of `$single`; not together with a "stacked" calibration. None is always tried.
    "auto" tries "munge" with trees and forests, which vary most (`skdistill.choosing.making`), and
    leaves it out where rows cannot be made: sparse ones, beside `X_transfer`, without a teacher.
settings : {"auto"} or None, default=None
    "auto" tries a few settings that keep its size with every student that comes without a grid, by
    the labels alone as well as distilled (`skdistill.choosing.tuning` has the table): the verdict
    is then against the *tuned* direct student, at four to eight times the fits. None takes students
    as they are.
smooth : bool, default=True
    Whether the scores along the strength are replaced by the parabola through them before the best
    is taken.
prefer : {"faster", "smaller"} or None, default=None
    Of the candidates within one standard error of the best, take the one that predicts fastest or
    whose pickle is smallest. It is asked before `fallback`, which keeps to the same kind.
within : float or None, default=None
    With `prefer`, of the candidates whose loss is at most ``1 + within`` times the best, instead
    of those within a standard error: .01 for one per cent.
budget : dict or None, default=None
    Hard limits on the student: ``latency_us`` (microseconds of one call in Python for one row, the
    median of many: for a single tree some 80, and 600 where rows are a data frame), ``size_kb``
    (kilobytes of its pickle, without what stands before the search in a Pipeline), ``max_leaves``
    (of all its trees), ``readable`` (True: one tree of at most 32 leaves, a linear student or an
    explainable boosting machine).
    They are measured, and once more on the student that is fitted in the end; `verdict_` says what
    they cost. Among several `students` the best within the limits is taken. Limits that nothing can
    meet end the fit before a teacher is fitted, with an error that says what the least is.
max_time : float or None, default=None
    Seconds for the search; None for no limit. One teacher is timed first, and where all would take
    longer the fit ends with an error that says so. Then the students are tried in their order,
    each directly and then distilled: what is not expected to end in time is left out (`untried_`),
    but for one of each side. What has begun is finished, and the fit of the chosen student comes
    on top.
    Two runs may try different candidates, as the time is not the same.
racing : bool, default=False
    Whether to go through the folds one by one, and to drop candidates that another of the same
    student has clearly beaten (`skdistill.choosing.racing`): much cheaper where there are many. The
    best direct and the best distilled one of each student, and of each point of its own grid, stay.
    Needs a scoring with a loss per row; students then get no temperature of their own.
fallback : {"doubtful", "not shown", "harms"} or False, default="doubtful"
    Where a kind of student (an entry of `students`, with its grid) is trained directly after all:
    where the verdict estimates a gain of less than its standard error, where it does not say
    "helps", where it estimates a loss, or nowhere.
alpha : float, default=0.05
    One less the level of the verdict's interval.
n_validation : int or None, default=None
    Folds of each repeat to choose on; fewer need fewer teachers of pairs. None for all.
return_row_losses : bool, default=False
    Whether to keep `row_losses_`.
n_repeats : int, default=1
    How often integer folds are drawn anew.
device : str, default="cpu"
    Where students are fitted, as in `$single`.
size : {"direct", "free"}, default="direct"
    Whether trees, forests and boosters are kept to the size of the direct student, as there.
memory : str, joblib.Memory or None, default=None
    Caches every teacher: an interrupted fit goes on where it stopped.
n_jobs : int or None, default=None
    Fits at once, of teachers and of candidates; the learners' threads are bounded.
random_state : int, RandomState or None, default=None
    Shuffles integer folds.
verbose : int, default=0
    Above 0 reports fits as scikit-learn's cross-validation does, and logs the stages of the fit
    (above 1 each fit) to the logger "skdistill" at level INFO.
verdict_ : Verdict
    Whether distilling helped, by how much, and what was spent; ``print`` gives a sentence.
student_ : estimator
    The chosen student, fitted on all rows.
best_student_ : estimator
    The same, not fitted.
best_params_ : dict
    Parameters that make `$single` fit the same; a direct student (strength 1) it fits to the rows
    in a fold only, and to `X_transfer` as well.
best_index_ : int
    The row of the choice in `cv_results_`.
best_score_ : float
    Its mean score. As the best of many it is optimistic; `verdict_` has a figure that is not.
cv_results_ : dict of str to array
    One entry per candidate, as `GridSearchCV` has them; `pandas.DataFrame` takes it.
frontier_ : dict of str to array
    The best direct and the best distilled candidate of each student; ``pandas.DataFrame`` takes
    it. "student" (its name, and what was set of its grid), "side" ("direct" or "distilled"),
    "candidate" (its row in `cv_results_`), "loss" and its "standard_error" (that of `loss_name_`,
    honest), "size_bytes" (of its pickle), "latency" (*seconds* a row where many are predicted at
    once: a hundredth and less of a call for one row, which ``latency_us`` of a budget limits),
    "within_budget" (as the student of the first fold is; all without one), and "on_front": no other
    is as good in loss, size and latency and better in one.
    `skdistill.inspection.FrontierDisplay` draws it.
untried_ : list of dict
    Parameters of the candidates that `max_time` left untried; empty without it.
row_losses_ : array of shape (n_candidates, n)
    Loss of each row on the folds it was not trained on, averaged over repeats; NaN in rows of no
    validation fold. Only with `return_row_losses`.
loss_name_ : str
    What the losses are.
n_splits_ : int
    Validation folds.
""")

FIT = entries("""
X : array-like, sparse array or data frame of n rows
    Features, passed untouched to teacher and student.
sample_weight : array-like of shape (n,) or None, default=None
    Row weights for teacher, calibration, student and scores. A row of weight 0 counts as absent.
groups : array-like of shape (n,) or None, default=None
    Groups that folds must not split, and whose rows a verdict takes together.
X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
    Unlabelled rows from where the student will be used, to fit it on as well: labelled by the mean
    of the fold teachers (see `skdistill.rows.transfer`). Left out, with a warning, where the
    strength is found to be 1. While choosing they are labelled by teachers that did not see the
    validation fold. A Pipeline around this estimator transforms it only with
    ``transform_input=["X_transfer"]``.
**params : dict
    Metadata for teacher and student; needs scikit-learn's metadata routing.
""")


def documented(words: Mapping[str, str], *texts: Mapping[str, str]) -> Callable[[Any], Any]:
    """Return a class decorator that completes the docstrings of the class and of its own methods.

    Parameters
    ----------
    words : mapping of str to str
        Of the task: `CLASSES` or `NUMBERS`.
    *texts : mapping of str to str
        Entries of the class, as `entries` returns them; methods have those of `FIT`.

    Raises
    ------
    KeyError
        If a line names no entry, or an entry no word.
    """
    of_class = {name: entry for text in texts for name, entry in text.items()}

    def complete(cls: Any) -> Any:
        cls.__doc__ = filled(cls.__doc__, of_class, words)
        for member in vars(cls).values():
            if inspect.isfunction(member):
                member.__doc__ = filled(member.__doc__, FIT, words)
        return cls

    return complete
