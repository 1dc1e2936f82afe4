"""Index expressions: integer arithmetic on loop variables, kept simple enough that a view costs nothing in a kernel.

An expression is a sum of coefficient * atom + offset. Atoms are loop variables, quotients, remainders, and integers
loaded from memory. Each knows its range, so that ``(5*i + j)//5`` is ``i`` when ``0 <= j < 5``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TypeAlias

UNKNOWN = 1 << 62
#: Bounds within this are those of sizes, and not of what is loaded.
KNOWN = 1 << 40


@dataclass(frozen=True)
class Var:
    """A loop variable, 0 <= name < extent. An integer loaded from memory is one of unknown extent."""

    name: str
    extent: int

    @property
    def bounds(self) -> tuple[int, int]:
        return (0, self.extent - 1) if self.extent < UNKNOWN else (-UNKNOWN, UNKNOWN)

    def __str__(self) -> str:
        return self.name

    def substitute(self, replacements: Mapping[str, IndexExpr]) -> IndexExpr:
        return replacements.get(self.name, IndexExpr(((self, 1),)))


@dataclass(frozen=True)
class Quotient:
    inner: IndexExpr
    divisor: int

    @property
    def bounds(self) -> tuple[int, int]:
        low, high = self.inner.bounds
        return low // self.divisor, high // self.divisor

    def __str__(self) -> str:
        return f"({self.inner} // {self.divisor})"

    def substitute(self, replacements: Mapping[str, IndexExpr]) -> IndexExpr:
        return self.inner.substitute(replacements) // self.divisor


@dataclass(frozen=True)
class Remainder:
    inner: IndexExpr
    divisor: int

    @property
    def bounds(self) -> tuple[int, int]:
        return 0, self.divisor - 1

    def __str__(self) -> str:
        return f"({self.inner} % {self.divisor})"

    def substitute(self, replacements: Mapping[str, IndexExpr]) -> IndexExpr:
        return self.inner.substitute(replacements) % self.divisor


Atom: TypeAlias = Var | Quotient | Remainder


@dataclass(frozen=True)
class IndexExpr:
    """sum of coefficient * atom + offset, in canonical order. Prints as Python and Triton source."""

    terms: tuple[tuple[Atom, int], ...] = ()
    offset: int = 0

    @property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest value."""
        low = high = self.offset
        for atom, coefficient in self.terms:
            ends = sorted(end * coefficient for end in atom.bounds)
            low, high = low + ends[0], high + ends[1]
        return max(low, -UNKNOWN), min(high, UNKNOWN)

    @property
    def variables(self) -> frozenset[str]:
        names: frozenset[str] = frozenset()
        for atom, _ in self.terms:
            names |= frozenset({atom.name}) if isinstance(atom, Var) else atom.inner.variables
        return names

    def coefficient(self, name: str) -> int | None:
        """How far the expression moves when the variable `name` grows by one; None if that is not constant."""
        total = 0
        for atom, coefficient in self.terms:
            if isinstance(atom, Var):
                total += coefficient if atom.name == name else 0
            elif name in atom.inner.variables:
                return None
        return total

    def substitute(self, replacements: Mapping[str, IndexExpr]) -> IndexExpr:
        total = IndexExpr((), self.offset)
        for atom, coefficient in self.terms:
            total = total + atom.substitute(replacements) * coefficient
        return total

    def __add__(self, other: IndexExpr | int) -> IndexExpr:
        other = other if isinstance(other, IndexExpr) else IndexExpr((), other)
        return _sum([*self.terms, *other.terms], self.offset + other.offset)

    def __sub__(self, other: IndexExpr | int) -> IndexExpr:
        return self + other * -1

    def __mul__(self, factor: int) -> IndexExpr:
        if factor == 0:
            return IndexExpr()
        return IndexExpr(tuple((atom, coefficient * factor) for atom, coefficient in self.terms), self.offset * factor)

    def __floordiv__(self, divisor: int) -> IndexExpr:
        if divisor == 1:
            return self
        whole, rest = self._split(divisor)
        low, high = rest.bounds
        if low >= 0 and high < divisor:
            return whole
        if -KNOWN < low < 0:  # kernels round quotients to zero
            return whole + _quotient(rest + -(low // divisor) * divisor, divisor) + low // divisor
        return whole + _quotient(rest, divisor)

    def __mod__(self, divisor: int) -> IndexExpr:
        if divisor == 1:
            return IndexExpr()
        _, rest = self._split(divisor)
        low, high = rest.bounds
        if low >= 0 and high < divisor:
            return rest
        if -KNOWN < low < 0:  # kernels round quotients to zero
            rest = rest + -(low // divisor) * divisor
        common = gcd(divisor, rest.offset, *(coefficient for _, coefficient in rest.terms))
        if common > 1:
            return (rest._divided(common) % (divisor // common)) * common
        if len(rest.terms) == 1 and not rest.offset and rest.terms[0][1] == 1:
            atom = rest.terms[0][0]
            if isinstance(atom, Remainder) and atom.divisor % divisor == 0:
                return atom.inner % divisor
        return IndexExpr(((Remainder(rest, divisor), 1),))

    def _split(self, divisor: int) -> tuple[IndexExpr, IndexExpr]:
        """self == whole * divisor + rest, with what divides exactly in `whole`."""
        whole = [(atom, coefficient // divisor) for atom, coefficient in self.terms if coefficient % divisor == 0]
        rest = [(atom, coefficient) for atom, coefficient in self.terms if coefficient % divisor]
        return IndexExpr(tuple(whole), self.offset // divisor), IndexExpr(tuple(rest), self.offset % divisor)

    def _divided(self, factor: int) -> IndexExpr:
        terms = tuple((atom, coefficient // factor) for atom, coefficient in self.terms)
        return IndexExpr(terms, self.offset // factor)

    def __str__(self) -> str:
        parts = [str(atom) if coefficient == 1 else f"{atom} * {coefficient}" for atom, coefficient in self.terms]
        if self.offset or not parts:
            parts.append(str(self.offset))
        text = " + ".join(parts).replace("+ -", "- ")
        return text if len(parts) == 1 and "*" not in text else f"({text})"


def variable(name: str, extent: int) -> IndexExpr:
    """A loop variable with 0 <= name < extent; always 0 if the extent is 1."""
    return IndexExpr() if extent == 1 else IndexExpr(((Var(name, extent), 1),))


def number(value: int) -> IndexExpr:
    return IndexExpr((), value)


def loaded(name: str) -> IndexExpr:
    """An integer that the kernel has loaded or computed."""
    return IndexExpr(((Var(name, UNKNOWN), 1),))


def flatten_index(index: Sequence[IndexExpr], shape: Sequence[int]) -> IndexExpr:
    """The position of `index` in a row-major array of `shape`."""
    position = IndexExpr()
    for expression, size in zip(index, shape, strict=True):
        position = position * size + expression
    return position


def unflatten_index(position: IndexExpr, shape: Sequence[int]) -> tuple[IndexExpr, ...]:
    """The index of row-major `position` in an array of `shape`."""
    return _unflattened(position, tuple(shape))


@lru_cache(maxsize=1 << 14)
def _unflattened(position: IndexExpr, shape: tuple[int, ...]) -> tuple[IndexExpr, ...]:
    """Remembered, because the lowering asks for the same ones for every set of nodes that it tries to fuse."""
    index: list[IndexExpr] = []
    for axis, size in reversed(list(enumerate(shape))):
        index.append(position if axis == 0 else position % max(size, 1))
        position = position // max(size, 1)
    return tuple(reversed(index))


def _quotient(rest: IndexExpr, divisor: int) -> IndexExpr:
    common = gcd(divisor, *(coefficient for _, coefficient in rest.terms))
    if common > 1:  # (g*a + o)//(g*b) == (a + o//g)//b
        return rest._divided(common) // (divisor // common)
    if len(rest.terms) == 1 and not rest.offset and rest.terms[0][1] == 1:
        atom = rest.terms[0][0]
        if isinstance(atom, Quotient):
            return atom.inner // (atom.divisor * divisor)
    return IndexExpr(((Quotient(rest, divisor), 1),))


def _sum(terms: Iterable[tuple[Atom, int]], offset: int) -> IndexExpr:
    total: dict[Atom, int] = {}
    for atom, coefficient in terms:
        total[atom] = total.get(atom, 0) + coefficient
    for atom, coefficient in list(total.items()):  # n*(x//n) + x%n == x
        if isinstance(atom, Remainder) and coefficient:
            whole, rest = _quotient_atom(atom), total.pop(atom)
            if whole is not None and total.get(whole) == rest * atom.divisor:
                del total[whole]
                return _sum([*total.items(), *(atom.inner * rest).terms], offset + atom.inner.offset * rest)
            total[atom] = rest
    kept = [(atom, coefficient) for atom, coefficient in total.items() if coefficient]
    return IndexExpr(tuple(sorted(kept, key=lambda term: (-abs(term[1]), str(term[0])))), offset)


def _quotient_atom(remainder: Remainder) -> Atom | None:
    quotient = remainder.inner // remainder.divisor
    return quotient.terms[0][0] if len(quotient.terms) == 1 and quotient.terms[0][1] == 1 and not quotient.offset else None
