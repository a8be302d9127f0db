"""A small neural network that takes soft and signed targets, on the CPU and the GPU."""

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.arrays import (
    Array,
    as_like,
    log_softmax,
    namespace,
    one_hot,
    softmax,
    to_host,
)
from skdistill._ground.devices import choose_device, cupy_obstacle, onto
from skdistill._ground.validation import check_choice, check_integer, check_number
from skdistill.exceptions import InputError, ParameterError
from skdistill.students.network import Rows, Training, scores, start, train
from skdistill.students.rows import (
    check_rows,
    check_scores,
    check_squares,
    check_targets,
    drop_absent,
)

__all__ = ["SoftMLPClassifier", "check_network"]

ROWS_TO_HOLD_OUT = 1000  # from which on early_stopping="auto" holds rows out
SMALLEST_BATCH, LARGEST_BATCH, BATCHES = 100, 4096, 64


class SoftMLPClassifier(ClassifierMixin, BaseEstimator):
    """A multilayer perceptron on labels, or on soft or signed targets.

    Trained by Adam in mini-batches to the cross-entropy ``-sum_k t_k log softmax_k(f)``; labels are
    one-hot targets. Features are standardised inside. Where rows are held out, training stops by
    their loss: that of the true labels where `fit` is told them, as a distillation does, else that
    of the targets.

    Parameters
    ----------
    hidden_layer_sizes : tuple of one to three int, default=(64,)
        Units of the hidden layers.
    activation : {"relu", "tanh"}, default="relu"
        Of the hidden layers.
    dropout : float, default=0.0
        Share of the hidden units that each step leaves out, in [0, 1).
    weight_decay : float, default=0.1
        Decoupled weight decay of Adam.
    learning_rate : float, default=0.003
        Of Adam.
    batch_size : "auto" or int, default="auto"
        Rows per step; "auto" is a 64th of the rows, at least 100 and at most 4096.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : "auto" or bool, default="auto"
        Whether rows are held out; "auto" from 1000 rows on. Without, training stops by the loss of
        the training rows.
    validation_fraction : float, default=0.1
        Share of the rows held out.
    patience : int, default=8
        Passes without progress before training stops.
    tol : float, default=1e-4
        Least decrease of the loss that is progress.
    dtype : {"float32", "float64"}, default="float32"
        What is computed in.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where NumPy rows are fitted; "cuda" needs CuPy, "auto" takes the GPU where there is one.
        Rows that are an array of CuPy, or of another array-API namespace, are fitted where they
        are.
    random_state : int, RandomState or None, default=None
        First weights, order of rows, held-out rows, dropout.

    Attributes
    ----------
    classes_ : array of shape (K,)
        Sorted classes; ``0 .. K - 1`` if a target was given.
    coefs_ : list of arrays
        Weights of each layer, in NumPy wherever the rows were.
    intercepts_ : list of arrays
        Biases of each layer.
    mean_, scale_ : array of shape (d,)
        What features are standardised by.
    n_iter_ : int
        Passes over the rows.
    best_loss_ : float
        Loss of the pass whose weights were kept: of the held-out rows, or of the training rows.
    n_features_in_ : int
        Number of features `d`.
    feature_names_in_ : array of shape (d,)
        Names of the features, where X has them.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : Takes labels only.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import SoftMLPClassifier
    >>> X = np.array([[-1.0], [0.0], [1.0]] * 20)
    >>> target = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]] * 20)
    >>> model = SoftMLPClassifier((8,), max_epochs=1000, random_state=0).fit(X, target)
    >>> model.predict_proba(X[:3]).round(1)
    array([[0.9, 0.1],
           [0.5, 0.5],
           [0.1, 0.9]], dtype=float32)
    """

    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...] = (64,),
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        weight_decay: float = 0.1,
        learning_rate: float = 0.003,
        batch_size: str | int = "auto",
        max_epochs: int = 100,
        early_stopping: str | bool = "auto",
        validation_fraction: float = 0.1,
        patience: int = 8,
        tol: float = 1e-4,
        dtype: str = "float32",
        device: str = "cpu",
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tol = tol
        self.dtype = dtype
        self.device = device
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        labels: Any = None,
        temperature: float = 1.0,
    ) -> "SoftMLPClassifier":
        """Fit to labels or targets.

        Parameters
        ----------
        X : array-like, or array of an array-API namespace, of shape (n, d)
            Features.
        y : array-like of shape (n,) or (n, K)
            Labels, or a target for each of at least two classes; its rows sum to one.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights; a row of weight zero counts as absent.
        labels : array-like of shape (n,) or None, default=None
            With targets, the class number of each row, for early stopping; None takes the targets
            of the held-out rows.
        temperature : float, default=1.0
            What the targets are annealed at, T > 0: ``softmax(f / T)`` is fitted to them, and
            `predict_proba` is ``softmax(f)``, which labels of held-out rows are compared with.

        Returns
        -------
        self : SoftMLPClassifier

        Raises
        ------
        InputError
            If labels, targets or weights cannot be used, or features are too large to standardise.
        ParameterError
            If a parameter is out of range, or too few rows are left to train on.
        StudentError
            If `device` is "cuda" and cannot be had, or if training diverges (the loss or the
            weights are no longer finite) before anything is learnt. Where it diverges later, the
            best weights are kept, and scikit-learn's `ConvergenceWarning` is given.
        """
        check_network(self)
        temperature = check_number("temperature", temperature, low=0.0, low_open=True)
        device = choose_device(self.device, cupy_obstacle(), type(self).__name__)
        rows = check_rows(self, X, reset=True)
        rows, y, weight, (labels,) = drop_absent(rows, y, sample_weight, labels)
        self.classes_, target = check_targets(rows, y)
        rng = check_random_state(self.random_state)
        rows = onto(rows, device)
        xp = namespace(rows)
        weight = np.ones(rows.shape[0]) if weight is None else weight / weight.max()
        mass = as_like(weight, rows, rows.dtype)
        self._standardise_by(rows, mass)
        dtype = getattr(xp, self.dtype)
        whole = Rows(
            self._standardised(rows), as_like(target, rows, dtype), as_like(weight, rows, dtype)
        )
        judge = whole
        if labels is not None:
            truth = _one_hot_labels(labels, whole.target)
            judge = replace(whole, target=truth, scale=temperature)
        kept, held_out = self._split(whole, judge, rng)
        prior = to_host(mass @ as_like(target, rows, rows.dtype)) / weight.sum()
        sizes = (rows.shape[1], *self.hidden_layer_sizes, len(self.classes_))
        first = [as_like(a, rows, dtype) for a in start(sizes, prior, self.activation, rng)]
        how = self._training(kept)
        parameters, self.n_iter_, self.best_loss_ = train(first, kept, how, rng, held_out)
        parameters = [to_host(a) for a in parameters]
        parameters[-2:] = [temperature * a for a in parameters[-2:]]
        self.coefs_, self.intercepts_ = parameters[::2], parameters[1::2]
        return self

    def _training(self, rows: Rows) -> Training:
        n = rows.X.shape[0]
        automatic = min(max(n // BATCHES, SMALLEST_BATCH), LARGEST_BATCH)
        names = ("activation", "learning_rate", "weight_decay", "dropout")
        names += ("max_epochs", "patience", "tol")
        size = automatic if self.batch_size == "auto" else int(self.batch_size)
        return Training(batch_size=size, **{name: getattr(self, name) for name in names})

    def _standardise_by(self, rows: Array, mass: Array) -> None:
        """Set the weighted mean and standard deviation of each feature."""
        xp = namespace(rows)
        total = xp.sum(mass)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = (mass @ rows) / total
            variance = (mass @ ((rows - mean) ** 2)) / total
            squares = mean * mean + variance
        check_squares(squares, rows.dtype)
        floor = float(xp.finfo(rows.dtype).eps) * squares  # rounding of constants
        scale = xp.where(variance > floor, xp.sqrt(variance), xp.ones_like(variance))
        self.mean_, self.scale_ = to_host(mean), to_host(scale)

    def _standardised(self, rows: Array) -> Array:
        mean, scale = (as_like(a, rows, rows.dtype) for a in (self.mean_, self.scale_))
        xp = namespace(rows)
        return xp.astype((rows - mean) / scale, getattr(xp, self.dtype))

    def _split(
        self, rows: Rows, judge: Rows, rng: np.random.RandomState
    ) -> tuple[Rows, Rows | None]:
        """Return the rows to train on, and the held-out ones of those to judge by."""
        n = rows.X.shape[0]
        hold_out = self.early_stopping
        if hold_out == "auto":
            hold_out = n >= ROWS_TO_HOLD_OUT
        if not hold_out:
            return rows, None
        codes = to_host(namespace(judge.target).argmax(judge.target, axis=1))
        counts = np.unique(codes, return_counts=True)[1]
        stratified = np.min(counts) * self.validation_fraction >= 1.0
        left, needed = n - ceil(n * self.validation_fraction), len(counts) if stratified else 1
        if left < needed:
            raise ParameterError(
                f"validation_fraction={self.validation_fraction!r} leaves {left} of {n} rows to "
                f"train on, where at least {needed} are needed: lower it, or set "
                "early_stopping=False."
            )
        inside, outside = train_test_split(
            np.arange(n),
            test_size=self.validation_fraction,
            stratify=codes if stratified else None,
            random_state=rng,
        )
        return rows.take(inside), judge.take(outside)

    def predict_proba(self, X: Any) -> Array:
        """Return the class probabilities.

        Parameters
        ----------
        X : array-like, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
            In the namespace of `X`, of the dtype that was computed in.
        """
        return softmax(self._scores(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the class probabilities.

        Parameters
        ----------
        X : array-like, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        log_p : array of shape (n, K)
            In the namespace of `X`, of the dtype that was computed in.
        """
        return log_softmax(self._scores(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        labels : array of shape (n,)
            In NumPy: labels may be strings.
        """
        f = self._scores(X)
        return self.classes_[to_host(namespace(f).argmax(f, axis=1))]

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        rows = check_rows(self, X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            rows = self._standardised(rows)
            layers = zip(self.coefs_, self.intercepts_, strict=True)
            parameters = [as_like(a, rows, rows.dtype) for pair in layers for a in pair]
            return check_scores(scores(parameters, rows, self.activation))


def check_network(estimator: SoftMLPClassifier) -> None:
    """Raise ParameterError for settings out of range, before anything is fitted."""
    sizes = estimator.hidden_layer_sizes
    if not isinstance(sizes, tuple | list) or not 1 <= len(sizes) <= 3:
        raise ParameterError(
            f"hidden_layer_sizes must be a tuple of one to three integers, got {sizes!r}."
        )
    for size in sizes:
        check_integer("hidden_layer_sizes", size, low=1)
    check_choice("activation", estimator.activation, ("relu", "tanh"))
    check_choice("dtype", estimator.dtype, ("float32", "float64"))
    check_number("dropout", estimator.dropout, low=0.0, high=1.0, high_open=True)
    check_number("weight_decay", estimator.weight_decay, low=0.0)
    check_number("learning_rate", estimator.learning_rate, low=0.0, low_open=True)
    check_number("tol", estimator.tol, low=0.0)
    for name in ("max_epochs", "patience"):
        check_integer(name, getattr(estimator, name), low=1)
    if estimator.batch_size != "auto":
        check_integer("batch_size", estimator.batch_size, low=1)
    check_choice("early_stopping", estimator.early_stopping, ("auto", True, False))
    open_ends = {"low_open": True, "high_open": True}
    check_number(
        "validation_fraction", estimator.validation_fraction, low=0.0, high=1.0, **open_ends
    )


def _one_hot_labels(labels: Any, like: Array) -> Array:
    """Return the one-hot matrix of class numbers, checked."""
    codes = np.asarray(to_host(labels))
    n, n_classes = like.shape
    whole = codes.shape == (n,) and codes.dtype.kind in "iu"
    if not (whole and codes.min() >= 0 and codes.max() < n_classes):
        raise InputError(
            f"labels must be {n} class numbers from 0 to {n_classes - 1}, one per row, got shape "
            f"{codes.shape} of dtype {codes.dtype}."
        )
    return one_hot(as_like(codes, like), n_classes, like)
