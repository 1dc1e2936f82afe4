"""Sizes that are known only when the model runs, computed from the shapes of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..dims import Atom, Dim, DimLike, Quotient, Shape, Symbol
from ..types import TensorType

if TYPE_CHECKING:
    from .emitter import ModelEmitter


class Sizes:
    """Emits the nodes that compute symbolic dimensions; each dimension once."""

    def __init__(self, emit: ModelEmitter) -> None:
        self._emit = emit
        self._axes: dict[Dim, tuple[str, int]] = {}
        self._vectors: dict[DimLike, str] = {}
        self._scalars: dict[Dim, str] = {}

    def source(self, name: str, type_: TensorType) -> None:
        """The axes of this graph input tell sizes."""
        for axis, dim in enumerate(type_.shape):
            if isinstance(dim, Dim):
                self._axes.setdefault(dim, (name, axis))

    def scalar(self, dim: Dim) -> str:
        """The size `dim` as a scalar int64."""
        if dim not in self._scalars:
            self._scalars[dim] = str(self._emit("Squeeze", self._vector(dim)))
        return self._scalars[dim]

    def vector(self, shape: Shape) -> str:
        """The sizes of `shape` as a 1-D int64."""
        if len(shape) == 1:
            return self._vector(shape[0])
        return str(self._emit("Concat", *(self._vector(dim) for dim in shape), axis=0))

    def _vector(self, dim: DimLike) -> str:
        """The size `dim` as an int64 of shape (1,)."""
        if not isinstance(dim, Dim):
            return self._emit.constant(np.array([dim], np.int64))
        if dim not in self._vectors:
            self._vectors[dim] = self._read(dim) if dim in self._axes else self._sum(dim)
        return self._vectors[dim]

    def _read(self, dim: Dim) -> str:
        name, axis = self._axes[dim]
        return str(self._emit("Shape", name, start=axis, end=axis + 1))

    def _sum(self, dim: Dim) -> str:
        terms = [self._product(monomial, coefficient) for monomial, coefficient in dim.terms]
        total = terms[0]
        for term in terms[1:]:
            total = str(self._emit("Add", total, term))
        return total

    def _product(self, monomial: tuple[Atom, ...], coefficient: int) -> str:
        factors = [self._atom(atom) for atom in monomial]
        if coefficient != 1 or not factors:
            factors.append(self._vector(coefficient))
        product = factors[0]
        for factor in factors[1:]:
            product = str(self._emit("Mul", product, factor))
        return product

    def _atom(self, atom: Atom) -> str:
        match atom:
            case Symbol(name):
                dim = Dim.symbol(name)
                if dim not in self._axes:
                    raise NotImplementedError(
                        f"the size {name!r} cannot be computed: no input has an axis of exactly that size. "
                        f"Give one input an axis of size {name!r}."
                    )
                return self._vector(dim)
            case Quotient(numerator, denominator):
                top = self._vector(numerator)
                bottom = self._vector(denominator)
                rest = self._emit("Mod", top, bottom)  # never negative, so that the quotient is rounded down
                return str(self._emit("Div", self._emit("Sub", top, rest), bottom))
