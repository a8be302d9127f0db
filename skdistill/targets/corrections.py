"""How far to correct the teacher: a gain per row, in units of the orthogonal correction.

Gain 0 is plain distillation (variance of the labels removed, bias of the teacher kept), gain 1 the
full, Neyman-orthogonal correction (the teacher's bias removed, variance of the labels kept). All
corrections run from 0 to 1 as `strength` does.

Source: Dao, Kamath, Syrgkanis and Mackey, ICLR 2021 (arXiv 2104.09732), sections 4 and 5; the
minimax rules are those of the experiments that the authors released with it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature

from skdistill._ground.arrays import Array, namespace
from skdistill._ground.validation import check_choice, check_number
from skdistill.exceptions import ParameterError

__all__ = [
    "Correction",
    "Fast",
    "Minimax",
    "Orthogonal",
    "Slow",
    "by_weight",
    "resolve_correction",
]


class Correction(ABC):
    """Base of all corrections: subclass it and implement `gain` to bring your own.

    One that takes averages over rows should have a parameter ``weight=None`` in `gain` and
    `gain_of`: it is given the row weights, shape (n,), or None for equal ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Correction
    >>> class WhereUnsure(Correction):
    ...     def gain(self, p, strength):
    ...         return strength * (p.max(axis=1) < 0.9)
    >>> WhereUnsure().gain(np.array([[0.95, 0.05], [0.5, 0.5]]), 0.5)
    array([0. , 0.5])
    """

    @abstractmethod
    def gain(self, p: Array, strength: float) -> Array:
        """Return how far to correct each row.

        Parameters
        ----------
        p : array of shape (n, K)
            Teacher probabilities.
        strength : float
            In [0, 1].

        Returns
        -------
        gain : array of shape (n,) or (n, K)
            In units of the orthogonal correction, usually in [0, 1].
        """

    def gain_of(self, m: Array, variance: Array, strength: float) -> Array:
        """Return how far to correct each row whose label is a number.

        Parameters
        ----------
        m : array of shape (n, m)
            What the teacher says.
        variance : array of shape (n, m)
            Of the labels around it.
        strength : float
            In [0, 1].

        Returns
        -------
        gain : array of shape (n,) or (n, m)
            By default, what `gain` says of the teacher's numbers.
        """
        return self.gain(m, strength)

    def check_numbers(self) -> None:  # noqa: B027, most are for numbers as well
        """Raise ParameterError for a correction that only probabilities have."""

    @property
    def uses_strength(self) -> bool:
        """Whether the gain depends on the strength; if not, giving one raises."""
        return True

    @property
    def uses_variance(self) -> bool:
        """Whether `gain_of` looks at the variance; if not, it is not estimated, and NaN."""
        return True


@dataclass(frozen=True)
class Orthogonal(Correction):
    """The same gain for every row, equal to the strength.

    On the probability scale the target is ``p + s (y - p)``: Hinton's mix of soft and hard labels
    with weight ``1 - s`` on the soft ones is this correction.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Orthogonal
    >>> Orthogonal().gain(np.array([[0.1, 0.9], [0.5, 0.5]]), 0.25)
    array([0.25, 0.25])
    """

    def gain(self, p: Array, strength: float) -> Array:
        """Return `strength` for every row, shape (n,)."""
        return namespace(p).full_like(p[:, 0], strength)

    @property
    def uses_variance(self) -> bool:
        """No: every row has the same gain."""
        return False


@dataclass(frozen=True)
class _WithConstant(Correction):
    """A correction with a constant `c` of its own, or one taken from the strength."""

    c: float | None = None

    def __post_init__(self) -> None:
        if self.c is not None:
            check_number("c", self.c, low=0.0, low_open=True)

    @property
    def uses_strength(self) -> bool:
        """Whether `c` is taken from the strength."""
        return self.c is None

    def gain(self, p: Array, strength: float, weight: Array | None = None) -> Array:
        """Return the gain of each row, shape (n,), from ``V = (1 - sum_k p_k^2) / 2``."""
        return self._gain_at(_variance(p), strength, weight)

    def gain_of(
        self, m: Array, variance: Array, strength: float, weight: Array | None = None
    ) -> Array:
        """Return the gain of each row, shape (n,), from the variance of its labels.

        `V` is the mean over outputs, each in units of its own average variance: so is `c`.
        """
        return self._gain_at(_over_outputs(variance, weight), strength, weight)

    @abstractmethod
    def _gain_at(self, v: Array, strength: float, weight: Array | None) -> Array:
        """Return the gain of rows of variance `v`, shape (n,)."""


@dataclass(frozen=True)
class Fast(_WithConstant):
    """The paper's fast-rate gain, ``c / (c + V)`` with ``V = (1 - sum_k p_k^2) / 2``.

    It minimises ``c (1 - g)^2 + V g^2``: squared bias of the teacher (`c`, in units of squared
    probability per row averaged by the student) against the variance of the label. Rows where the
    teacher is sure are corrected most.

    Parameters
    ----------
    c : float or None, default=None
        Positive. None takes ``c = mean(V) s / (1 - s)`` from the strength `s`, so that a row of
        average variance gets gain `s`; the mean is over rows by their weight. With a number
        the strength has no effect.

    Raises
    ------
    ParameterError
        If `c` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Fast
    >>> Fast(c=0.25).gain(np.array([[0.5, 0.5], [0.0, 1.0]]), 0.0)
    array([0.5, 1. ])
    """

    def _gain_at(self, v: Array, strength: float, weight: Array | None) -> Array:
        xp = namespace(v)
        if self.c is None and strength in (0.0, 1.0):
            return xp.full_like(v, strength)
        if self.c is None:
            return strength / (strength + (1.0 - strength) * _relative(v, weight))
        return self.c / (self.c + v)


@dataclass(frozen=True)
class Slow(_WithConstant):
    """The paper's slow-rate gain, ``1 - d`` with `d` the real root of ``d^3 + V/(2c) (d - 1) = 0``.

    It minimises ``c (1 - g)^4 + V g^2``: the fourth power of the teacher's error in place of the
    second, for students that learn at the slow rate. The root is Cardano's, no grid is searched.

    Parameters
    ----------
    c : float or None, default=None
        Positive. None takes ``c = mean(V) s / (2 (1 - s)^3)`` from the strength `s`, so that a row
        of average variance gets gain `s`; the mean is over rows by their weight. With a number
        the strength has no effect.

    Raises
    ------
    ParameterError
        If `c` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Slow
    >>> Slow(c=0.5).gain(np.array([[0.5, 0.5]]), 0.0).round(4)
    array([0.5])
    """

    def _gain_at(self, v: Array, strength: float, weight: Array | None) -> Array:
        xp = namespace(v)
        if self.c is None and strength in (0.0, 1.0):
            return xp.full_like(v, strength)
        # d^3 + a d - a = 0 with a = V / 2c >= 0 has one real root, in [0, 1).
        if self.c is None:
            a = _relative(v, weight) * ((1.0 - strength) ** 3 / strength)
        else:
            a = v / (2.0 * self.c)
        # Cardano's root in its hyperbolic form, which neither cancels nor overflows.
        k = xp.sqrt(a / 3.0)
        safe = xp.where(k > 0.0, k, xp.ones_like(k))
        root = 2.0 * safe * xp.sinh(xp.asinh(1.5 / safe) / 3.0)
        return xp.clip(1.0 - xp.where(k > 0.0, root, xp.zeros_like(k)), 0.0, 1.0)


@dataclass(frozen=True)
class Minimax(Correction):
    """The gain that is best against the worst Bayes probability near the teacher's.

    Per entry, ``min over g of max over q of s (1 - g)^2 (q - p)^2 + (1 - s) g^2 q (1 - q)``, with
    `q` in an error set around `p`: "relative" ``[p / (1 + r), p (1 + r)]``, "absolute"
    ``[p - r, p + r]``, "power" ``[p, p^(1 / (1 + r))]``, each cut to [0, 1]. Strength 1/2 weighs
    bias and variance equally, as the experiments released with the paper do.

    Parameters
    ----------
    error : {"relative", "absolute", "power"}, default="relative"
        Shape of the error set.
    radius : float or None, default=None
        Its size `r` > 0; None is 1 for "relative" and "power", 0.1 for "absolute".

    Raises
    ------
    ParameterError
        If `error` is unknown or `radius` not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Minimax
    >>> Minimax("absolute", radius=0.5).gain(np.array([[0.5, 0.5]]), 0.5).round(4)
    array([[0.5, 0.5]])
    """

    error: str = "relative"
    radius: float | None = None

    def __post_init__(self) -> None:
        check_choice("error", self.error, sorted(_ERROR_SETS))
        if self.radius is not None:
            check_number("radius", self.radius, low=0.0, low_open=True)

    def gain(self, p: Array, strength: float) -> Array:
        """Return the minimax gain of each entry, shape (n, K)."""
        xp = namespace(p)
        if strength in (0.0, 1.0):
            return xp.full_like(p, strength)
        low, high = _ERROR_SETS[self.error](p, self._radius)
        low, high = xp.clip(low, 0.0, 1.0), xp.clip(high, 0.0, 1.0)

        def worst(g: Array) -> Array:
            return _worst_case(g, p, low, high, strength)

        return _minimise_convex(worst, xp.zeros_like(p), xp.ones_like(p))

    def gain_of(
        self, m: Array, variance: Array, strength: float, weight: Array | None = None
    ) -> Array:
        """Return the minimax gain of each number, ``s b^2 / (s b^2 + (1 - s) V)``, shape (n, m).

        `b` is the worst bias: ``r |m|`` for "relative", which is for numbers that are positive, and
        `r` standard deviations of the output's `m` for "absolute".

        Raises
        ------
        ParameterError
            For "power", whose error set is one of probabilities.
        """
        self.check_numbers()
        xp = namespace(m)
        if strength in (0.0, 1.0):
            return xp.full_like(m, strength)
        spread = xp.zeros_like(m) + _mean((m - _mean(m, weight)) ** 2, weight)
        square = m**2 if self.error == "relative" else spread
        bias, noise = strength * self._radius**2 * square, (1.0 - strength) * variance
        total = bias + noise
        # Where there is neither, no gain does better than another: the smallest.
        return xp.where(total > 0.0, bias / xp.where(total > 0.0, total, xp.ones_like(m)), bias)

    def check_numbers(self) -> None:
        """Raise ParameterError for "power"."""
        if self.error == "power":
            raise ParameterError(
                "error='power' is an error set of probabilities, got labels that are numbers: "
                "choose error='relative' or error='absolute'."
            )

    @property
    def _radius(self) -> float:
        if self.radius is None:
            return 0.1 if self.error == "absolute" else 1.0
        return self.radius


_ERROR_SETS: dict[str, Callable[[Array, float], tuple[Array, Array]]] = {
    "absolute": lambda p, r: (p - r, p + r),
    "power": lambda p, r: (p, p ** (1.0 / (1.0 + r))),
    "relative": lambda p, r: (p / (1.0 + r), p * (1.0 + r)),
}

_CORRECTIONS: dict[str, Callable[[], Correction]] = {
    "absolute": lambda: Minimax("absolute"),
    "fast": Fast,
    "orthogonal": Orthogonal,
    "power": lambda: Minimax("power"),
    "relative": lambda: Minimax("relative"),
    "slow": Slow,
}


def by_weight(gain: Callable[..., Array], weight: Array | None) -> Callable[..., Array]:
    """Return a method of a correction with the row weights, where it takes them."""
    takes = "weight" in signature(gain).parameters
    return partial(gain, weight=weight) if takes else gain


def resolve_correction(correction: str | Correction | None) -> Correction | None:
    """Return the correction that a name or an object stands for; None stays None.

    Parameters
    ----------
    correction : {"orthogonal", "fast", "slow", "relative", "absolute", "power"}, Correction or None
        Name, object, or None for no correction. The last three names are `Minimax` error sets.

    Returns
    -------
    correction : Correction or None

    Raises
    ------
    ParameterError
        If the name is unknown, or a class was given in place of an object.
    """
    if correction is None or isinstance(correction, Correction):
        return correction
    if isinstance(correction, type) and issubclass(correction, Correction):
        raise ParameterError(
            f"correction must be an object, got the class {correction.__name__}: write "
            f"{correction.__name__}()."
        )
    check_choice("correction", correction, [*sorted(_CORRECTIONS), None], "or a Correction object")
    return _CORRECTIONS[correction]()


def _variance(p: Array) -> Array:
    """Return ``sum_k p_k (1 - p_k) / 2``, shape (n,): p (1 - p) for two classes."""
    return 0.5 * namespace(p).sum(p * (1.0 - p), axis=1)


def _mean(values: Array, weight: Array | None) -> Array:
    """Return the mean over rows, the first axis, by their weight."""
    xp = namespace(values)
    if weight is None:
        return xp.mean(values, axis=0)
    w = xp.reshape(xp.astype(weight, values.dtype), (-1,) + (1,) * (values.ndim - 1))
    return xp.sum(w * values, axis=0) / xp.sum(w)


def _over_outputs(variance: Array, weight: Array | None) -> Array:
    """Return the mean over outputs (n, m) of each one's variance over its average, shape (n,)."""
    xp = namespace(variance)
    average = _mean(variance, weight)
    safe = xp.where(average > 0.0, average, xp.ones_like(average))
    return xp.mean(variance / safe, axis=1)


def _relative(v: Array, weight: Array | None) -> Array:
    """Return `v` over its mean; zeros where all are zero (every row sure: nothing to weigh)."""
    mean = _mean(v, weight)
    return v / mean if float(mean) > 0.0 else v


def _worst_case(g: Array, p: Array, low: Array, high: Array, strength: float) -> Array:
    """Return the largest weighted squared error over Bayes probabilities in [low, high].

    In `q` the risk is a parabola: its maximum is at an end, or at its vertex where it opens down.
    """
    xp = namespace(p)
    bias, noise = strength * (1.0 - g) ** 2, (1.0 - strength) * g * g

    def risk(q: Array) -> Array:
        return bias * (q - p) ** 2 + noise * q * (1.0 - q)

    curvature = bias - noise
    down = xp.where(curvature < 0.0, curvature, -xp.ones_like(curvature))
    vertex = xp.where(curvature < 0.0, (2.0 * bias * p - noise) / (2.0 * down), low)
    inside = xp.where(vertex < low, low, xp.where(vertex > high, high, vertex))
    return xp.maximum(xp.maximum(risk(low), risk(high)), risk(inside))


def _minimise_convex(objective: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Minimise a convex function of each entry by golden sections; of equal ones the smallest.

    A maximum of convex parabolas is convex. Forty sections leave an interval of 4e-9; where the
    objective is flat to rounding, the answer is only as good as that.
    """
    xp = namespace(low)
    ratio = (5.0**0.5 - 1.0) / 2.0
    for _ in range(40):
        width = ratio * (high - low)
        left, right = high - width, low + width
        keep_left = objective(left) <= objective(right)
        low, high = xp.where(keep_left, low, left), xp.where(keep_left, right, high)
    return 0.5 * (low + high)
