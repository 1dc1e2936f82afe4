"""Which sizes of a compiled function's arguments stay open, so that one program serves data of many shapes.

Axis 0 is always open. Another axis is fixed until its size changes: then it gets a symbol. Axes that have changed
together, such as the lengths of sequences and of their labels, share one.

Sizes 0 and 1 are always fixed: an axis of size 1 is broadcast, so it means something else than a longer one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from graphkeras.compiler.dims import Dim, DimLike, Shape, match_shape

#: Programs with fixed sizes that a function may have before a warning says so.
MANY_PROGRAMS = 8


class Placed(Protocol):
    """A program that is valid as long as variables stay where they are."""

    @property
    def placements(self) -> int: ...


Program = TypeVar("Program", bound=Placed)


@dataclass
class OpenSizes(Generic[Program]):
    """The programs for arguments that differ in sizes only.

    Attributes:
        seen: the shapes that programs were made for.
        fixed: how many of them have fixed sizes.
        program: the latest one with open sizes; None if there is none yet.
        open: the shapes that it takes.
        fixed_because: why no program with open sizes could be made; empty if it was not tried, or could.
    """

    seen: list[tuple[tuple[int, ...], ...]] = field(default_factory=list)
    fixed: int = 0
    program: Program | None = None
    open: Sequence[Shape] = ()
    fixed_because: str = ""

    def fitting(self, shapes: Sequence[tuple[int, ...]], placements: int) -> Program | None:
        """The program with open sizes, if arrays of these shapes fit it."""
        if self.program is None or self.program.placements != placements:
            return None
        bindings: dict[str, int] = {}
        fits = all(match_shape(declared, shape, bindings) for declared, shape in zip(self.open, shapes, strict=True))
        return self.program if fits else None

    def widened(self, shapes: tuple[tuple[int, ...], ...], names: Sequence[str]) -> Iterator[list[Shape]]:
        """Shapes with symbols where sizes have changed; none if nothing has, or it is known that sizes must be fixed.

        The first proposal has a symbol for each size. The second one is for functions that cannot do with it: sizes are
        multiples of others (and some more), if so far they were, such as ``2*x_axis_1`` for labels of a model that upsamples.

        Args:
            shapes: of the arguments that have come now.
            names: of the arguments; a symbol is called after the first axis that it stands for.
        """
        seen = [*self.seen, shapes]
        if self.fixed_because or all(one == shapes for one in seen):
            return
        independent, related = (_wide(seen, names, relate) for relate in (False, True))
        yield independent
        if related != independent:
            yield related

    def remember_open(self, shapes: tuple[tuple[int, ...], ...], wide: Sequence[Shape], program: Program) -> None:
        """A program with open sizes was made when arrays of these shapes came."""
        if shapes not in self.seen:
            self.seen.append(shapes)
        self.program, self.open = program, wide

    def remember_fixed(self, shapes: tuple[tuple[int, ...], ...], function: str) -> None:
        """A program with fixed sizes was made for `function`. Warns when those get many."""
        if shapes in self.seen:
            return  # made again, because variables have moved
        self.seen.append(shapes)
        self.fixed += 1
        if self.fixed == MANY_PROGRAMS and self.fixed_because:
            warnings.warn(
                f"{function} is compiled for the {MANY_PROGRAMS}th time, because the sizes of its data change, and it cannot "
                f"be compiled for open sizes: {self.fixed_because} Pad the data to a few shapes, or use graphkeras.ops.shape "
                "for sizes.",
                stacklevel=2,
            )


def _wide(seen: Sequence[tuple[tuple[int, ...], ...]], names: Sequence[str], relate: bool) -> list[Shape]:
    """A symbol for each size that differs in `seen`, one for those that are always alike."""
    symbols: dict[tuple[int, ...], DimLike] = {}
    wide: list[Shape] = []
    for number, name in enumerate(names):
        dims: list[DimLike] = []
        for axis, size in enumerate(seen[-1][number]):
            sizes = tuple(one[number][axis] for one in seen)
            if axis == 0:
                dims.append(Dim.symbol("batch"))
            elif all(other == size for other in sizes):
                dims.append(size)
            else:
                if sizes not in symbols:
                    known = _multiple(sizes, symbols) if relate else None
                    symbols[sizes] = Dim.symbol(f"{name}_axis_{axis}") if known is None else known
                dims.append(symbols[sizes])
        wide.append(tuple(dims))
    return wide


def _multiple(sizes: tuple[int, ...], symbols: Mapping[tuple[int, ...], DimLike]) -> DimLike | None:
    """The sizes as factor * symbol + rest for one of the symbols; None if they are not."""
    for known, symbol in symbols.items():
        low, high = known.index(min(known)), known.index(max(known))
        factor, remainder = divmod(sizes[high] - sizes[low], known[high] - known[low])
        rest = sizes[low] - factor * known[low]
        if factor >= 1 and not remainder and all(size == factor * one + rest for size, one in zip(sizes, known)):
            return symbol * factor + rest
    return None
