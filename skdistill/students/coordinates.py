"""Whitened coordinates, in which a loss is about equally curved in all directions."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.arrays import Array, namespace

__all__ = ["Space"]


@dataclass(frozen=True)
class Space:
    """The coordinates of the minimiser: ``W = (u V')``, ``u = z / scale``, ``c = c' - W mean``.

    Attributes
    ----------
    mean : array of shape (d,)
        Of the features; zeros without an intercept.
    rotation : array of shape (d, d) or None
        Eigenvectors `V` of their covariance; None for the identity.
    scale : array of shape (B, d)
        Square roots of the curvature along each direction.
    level : float or None
        The same for the intercept; None where there is none.
    curvature : array of shape (d, d), in NumPy, or None
        Of the losses in the features, without penalty, where they are not rotated; None where they
        are, or are too many.
    """

    mean: Array
    rotation: Array | None
    scale: Array
    level: float | None
    curvature: NDArray[np.float64] | None = None

    @property
    def width(self) -> int:
        """Variables per row of coefficients."""
        return self.scale.shape[1] + (self.level is not None)

    def select(self, index: Array) -> "Space":
        """Return the coordinates of some of the problems."""
        return replace(self, scale=namespace(index).take(self.scale, index, axis=0))

    def inside(self, coef: Array, intercept: Array) -> Array:
        """Return the coordinates (B, R, width) of coefficients and intercepts."""
        u = coef if self.rotation is None else coef @ self.rotation
        z = u * self.scale[:, None, :]
        if self.level is None:
            return z
        c = (intercept + coef @ self.mean) * self.level
        return namespace(z).concat([z, c[:, :, None]], axis=2)

    def outside(self, z: Array) -> tuple[Array, Array]:
        """Return coefficients (B, R, d) and intercepts (B, R)."""
        d = self.scale.shape[1]
        u = z[:, :, :d] / self.scale[:, None, :]
        coef = u if self.rotation is None else u @ self.rotation.T
        if self.level is None:
            return coef, namespace(z).zeros_like(coef[:, :, 0])
        return coef, z[:, :, d] / self.level - coef @ self.mean

    def pull(self, gradient: Array) -> Array:
        """Return the gradient in the coordinates from that (B, R, d + 1) in (W, c)."""
        last = gradient[:, :, -1]
        g = gradient[:, :, :-1]
        if self.level is not None:
            g = g - last[:, :, None] * self.mean
        g = (g if self.rotation is None else g @ self.rotation) / self.scale[:, None, :]
        if self.level is None:
            return g
        return namespace(g).concat([g, last[:, :, None] / self.level], axis=2)
