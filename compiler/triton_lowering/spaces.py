"""Iteration spaces: which elements a program instance computes, and how it indexes tensors with its loop variables.

Every value that a region computes is computed at an index made of the space's loop variables. Shapes are plain integers here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import ClassVar, TypeAlias

from ..indexing import IndexExpr, flatten_index, unflatten_index, variable
from ..ops.base import Index

Sizes: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True)
class Flat:
    """Blocks of consecutive elements of a row-major array. Loop variable: ``i``."""

    size: int

    def index(self, shape: Sizes) -> Index | None:
        """Where an array of `shape` is written; None if it does not lie in this space."""
        return unflatten_index(variable("i", self.size), shape) if prod(shape) == self.size else None

    def __str__(self) -> str:
        return f"{self.size} elements"


@dataclass(frozen=True)
class Rows:
    """A reduction of `full` over `axes`. Loop variables: ``kept`` counts results, ``reduced`` what is reduced to one result.

    Arrays in this space have one element for every result, or one for every element that is reduced.
    """

    full: Sizes
    axes: Sizes

    @cached_property
    def kept_shape(self) -> Sizes:
        return tuple(size for axis, size in enumerate(self.full) if axis not in self.axes)

    @cached_property
    def reduced_shape(self) -> Sizes:
        return tuple(self.full[axis] for axis in self.axes)

    @cached_property
    def kept(self) -> int:
        return prod(self.kept_shape)

    @cached_property
    def reduced(self) -> int:
        return prod(self.reduced_shape)

    def operand_index(self) -> Index:
        """Where the reduced tensor is read."""
        kept = iter(unflatten_index(variable("kept", self.kept), self.kept_shape))
        reduced = iter(unflatten_index(variable("reduced", self.reduced), self.reduced_shape))
        return tuple(next(reduced if axis in self.axes else kept) for axis in range(len(self.full)))

    def index(self, shape: Sizes) -> Index | None:
        if self.is_full(shape):
            return unflatten_index(flatten_index(self.operand_index(), self.full), shape)
        return unflatten_index(variable("kept", self.kept), shape) if prod(shape) == self.kept else None

    @property
    def has_neighbours_in_row(self) -> bool:
        """True if the last axis is reduced."""
        return not self.full or len(self.full) - 1 in self.axes

    def is_full(self, shape: Sizes) -> bool:
        """True if an array of `shape` has an element for every element that is reduced."""
        return self.reduced != 1 and (shape == self.full or (self.is_row_major and prod(shape) == prod(self.full)))

    def is_like(self, other: Rows) -> bool:
        """True if both count the same elements in the same order."""
        if (self.full, self.axes) == (other.full, other.axes):
            return True
        return (self.kept, self.reduced) == (other.kept, other.reduced) and self.is_row_major and other.is_row_major

    @cached_property
    def is_row_major(self) -> bool:
        """True if the reduced elements of one result are neighbours in memory."""
        return flatten_index(self.operand_index(), self.full) == variable("kept", self.kept) * self.reduced + variable(
            "reduced", self.reduced
        )

    def __str__(self) -> str:
        return f"{self.kept} reductions of {self.reduced} elements"


@dataclass(frozen=True)
class Product:
    """A matrix product of `batch` pairs of [m, k] and [k, n]. Loop variables: ``batch``, ``m``, ``n``; ``ka`` and ``kb`` both
    run over k, as a row of the first and as a column of the second operand."""

    a_shape: Sizes
    b_shape: Sizes
    batch_shape: Sizes

    @classmethod
    def of(cls, a: Sizes, b: Sizes, out: Sizes) -> Product:
        """Products with one common second operand are one product of all rows."""
        return cls(a, b, out[:-2] if prod(b[:-2]) != 1 else ())

    @property
    def m(self) -> int:
        return prod(self.a_shape[:-1]) if not self.batch_shape else self.a_shape[-2]

    @property
    def n(self) -> int:
        return self.b_shape[-1]

    @property
    def k(self) -> int:
        return self.a_shape[-1]

    @property
    def batch(self) -> int:
        return prod(self.batch_shape)

    @property
    def position(self) -> IndexExpr:
        """The place of an element of the result in memory."""
        row = variable("batch", self.batch) * self.m + variable("m", self.m)
        return row * self.n + variable("n", self.n)

    def operand_indices(self) -> tuple[Index, Index]:
        """Where the operands are read."""
        ka, kb = variable("ka", self.k), variable("kb", self.k)
        if not self.batch_shape:
            rows = unflatten_index(variable("m", self.m), self.a_shape[:-1])
            return (*rows, ka), (*(IndexExpr() for _ in self.b_shape[:-2]), kb, variable("n", self.n))
        batch = unflatten_index(variable("batch", self.batch), self.batch_shape)
        a = (*_broadcast(batch, self.a_shape[:-2]), variable("m", self.m), ka)
        return a, (*_broadcast(batch, self.b_shape[:-2]), kb, variable("n", self.n))

    def index(self, shape: Sizes) -> Index | None:
        return unflatten_index(self.position, shape) if prod(shape) == self.batch * self.m * self.n else None

    def __str__(self) -> str:
        batch = f"{self.batch} x " if self.batch_shape else ""
        return f"product {batch}[{self.m},{self.k}] @ [{self.k},{self.n}]"


@dataclass(frozen=True)
class Rounds:
    """A loop: its body is lowered by itself, to kernels that are launched `count` times."""

    count: int

    def index(self, shape: Sizes) -> Index | None:
        """Nothing else is computed in a loop's kernels."""
        return None

    def __str__(self) -> str:
        return f"{self.count} rounds"


class Template:
    """What the kernel of an op with a template of its own iterates over. Only elementwise steps before the op join it."""

    #: False if its operands must be in memory.
    takes_steps: ClassVar[bool] = True

    def operand_indices(self) -> tuple[Index, ...]:
        """Where each operand is read, in the template's loop variables."""
        raise NotImplementedError

    def result_indices(self) -> tuple[Index, ...]:
        """Where each result is written."""
        raise NotImplementedError

    def index(self, shape: Sizes) -> Index | None:
        """No array but the results lies in this space."""
        return None


Space: TypeAlias = "Flat | Rows | Product | Rounds | Template"


def _broadcast(index: Index, shape: Sizes) -> Index:
    return broadcast_index(index, shape)


def broadcast_index(index: Index, shape: Sequence[object]) -> Index:
    """Where an operand of `shape` is read for the result's `index`: trailing axes, 0 on axes of size 1."""
    trailing = index[len(index) - len(shape) :]
    return tuple(IndexExpr() if size == 1 else expression for expression, size in zip(trailing, shape, strict=True))
