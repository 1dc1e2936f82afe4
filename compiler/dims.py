"""Symbolic dimensions: integer polynomials over named symbols, such as ``batch``, ``2*seq`` or ``(length - 1)//2 + 1``.

A dimension of a tensor is an ``int`` where it is known and a `Dim` where it is not. Equal expressions are equal objects
in the sense of ``==`` and ``hash``, because every expression is kept in one canonical form (a sorted sum of monomials).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Symbol:
    """A named unknown, at least 0."""

    name: str

    def __str__(self) -> str:
        return self.name

    def bind(self, bindings: Mapping[str, DimLike]) -> DimLike:
        return bindings.get(self.name, Dim.symbol(self.name))

    def symbols(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True)
class Quotient:
    """floor(numerator / denominator) that does not divide exactly for all values of its symbols."""

    numerator: Dim
    denominator: int

    def __str__(self) -> str:
        return f"({self.numerator})//{self.denominator}"

    def bind(self, bindings: Mapping[str, DimLike]) -> DimLike:
        return self.numerator.bind(bindings) // self.denominator

    def symbols(self) -> frozenset[str]:
        return self.numerator.symbols


Atom: TypeAlias = "Symbol | Quotient"
Monomial: TypeAlias = "tuple[Atom, ...]"  # a product, sorted; () is the constant term
DimLike: TypeAlias = "int | Dim"
Shape: TypeAlias = "tuple[DimLike, ...]"


@dataclass(frozen=True)
class Dim:
    """A dimension that is not a plain number: a sum of coefficient * monomial, in canonical order."""

    terms: tuple[tuple[Monomial, int], ...]

    @staticmethod
    def symbol(name: str) -> Dim:
        if not name.isidentifier():
            raise ValueError(f"A dimension's name must be a Python identifier, got {name!r}.")
        return Dim((((Symbol(name),), 1),))

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(name for monomial, _ in self.terms for atom in monomial for name in atom.symbols())

    def bind(self, bindings: Mapping[str, DimLike]) -> DimLike:
        """Replace symbols by numbers or other dimensions; symbols not in `bindings` stay."""
        total: DimLike = 0
        for monomial, coefficient in self.terms:
            product: DimLike = coefficient
            for atom in monomial:
                product = product * atom.bind(bindings)
            total = total + product
        return total

    def __add__(self, other: DimLike) -> DimLike:
        return _from_terms([*self.terms, *_terms(other)]) if isinstance(other, (int, Dim)) else NotImplemented

    def __mul__(self, other: DimLike) -> DimLike:
        if not isinstance(other, (int, Dim)):
            return NotImplemented
        return _from_terms((_sorted(m + n), a * b) for m, a in self.terms for n, b in _terms(other))

    def __neg__(self) -> DimLike:
        return self * -1

    def __sub__(self, other: DimLike) -> DimLike:
        return self + other * -1 if isinstance(other, (int, Dim)) else NotImplemented

    def __rsub__(self, other: int) -> DimLike:
        return self * -1 + other

    def __floordiv__(self, other: DimLike) -> DimLike:
        exact = _divide_exactly(self, other)
        if exact is not None:
            return exact
        if isinstance(other, Dim):
            raise ValueError(f"Cannot divide the dimension {self} by {other}: the quotient is not known to be exact.")
        return Dim((((Quotient(self, other),), 1),))

    def __rfloordiv__(self, other: int) -> DimLike:
        if other == 0:
            return 0
        raise ValueError(f"Cannot divide {other} by the dimension {self}: the quotient is not known to be exact.")

    def __mod__(self, other: DimLike) -> DimLike:
        return self - (self // other) * other

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        text = ""
        for monomial, coefficient in self.terms:
            factors = [str(atom) for atom in monomial]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            if len(factors) > 1 or coefficient < 0:  # 2*(n//3) is not 2*n//3, and -(n//3) is not -n//3
                factors = [f"({factor})" if "//" in factor else factor for factor in factors]
            sign = " - " if coefficient < 0 else " + "
            text += (sign if text else sign.strip().replace("+", "")) + "*".join(factors)
        return text

    __repr__ = __str__

    def __index__(self) -> int:
        raise TypeError(
            f"The dimension {self} is symbolic: its size is known only when the program runs. "
            "Use graphkeras.ops on it (reshape, broadcast_to, ... take symbolic dimensions), or give Input a fixed size."
        )

    def __bool__(self) -> bool:
        return True


def is_symbolic(dim: DimLike) -> bool:
    return isinstance(dim, Dim)


def symbols_of(shape: Iterable[DimLike]) -> frozenset[str]:
    return frozenset(name for dim in shape if isinstance(dim, Dim) for name in dim.symbols)


def bind_shape(shape: Shape, bindings: Mapping[str, DimLike]) -> Shape:
    return tuple(dim.bind(bindings) if isinstance(dim, Dim) else dim for dim in shape)


def size_of(shape: Iterable[DimLike]) -> DimLike:
    """Number of elements, symbolic where a dimension is."""
    total: DimLike = 1
    for dim in shape:
        total = total * dim
    return total


def match_shape(declared: Shape, actual: tuple[int, ...], bindings: dict[str, int]) -> bool:
    """Bind the plain symbols of `declared` so that it equals `actual`; False if it cannot be."""
    if len(declared) != len(actual):
        return False
    for dim, size in zip(declared, actual, strict=True):
        name = _plain_symbol(dim)
        if name is not None and bindings.setdefault(name, size) != size:
            return False
    return bind_shape(declared, bindings) == tuple(actual)


def parse_dim(text: str) -> DimLike:
    """The dimension that `str` prints: integers, identifiers, ``+ - * //`` and parentheses."""

    def walk(tree: ast.expr) -> DimLike:
        match tree:
            case ast.Constant(value=int(number)):
                return number
            case ast.Name(id=name):
                return Dim.symbol(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return walk(operand) * -1
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return walk(left) + walk(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return walk(left) - walk(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return walk(left) * walk(right)
            case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                return walk(left) // walk(right)
        raise ValueError(f"{text!r} is not a dimension: only integers, names, + - * // and parentheses are allowed.")

    try:
        return walk(ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        raise ValueError(f"{text!r} is not a dimension: {error.msg}.") from None


def _plain_symbol(dim: DimLike) -> str | None:
    if isinstance(dim, Dim) and len(dim.terms) == 1:
        monomial, coefficient = dim.terms[0]
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol):
            return monomial[0].name
    return None


def _terms(dim: DimLike) -> tuple[tuple[Monomial, int], ...]:
    return dim.terms if isinstance(dim, Dim) else (((), int(dim)),)


def _sorted(monomial: Monomial) -> Monomial:
    return tuple(sorted(monomial, key=str))


def _from_terms(terms: Iterable[tuple[Monomial, int]]) -> DimLike:
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = [(monomial, coefficient) for monomial, coefficient in total.items() if coefficient]
    if not any(monomial for monomial, _ in kept):
        return sum(coefficient for _, coefficient in kept)
    return Dim(tuple(sorted(kept, key=lambda term: (-len(term[0]), [str(atom) for atom in term[0]]))))


def _divide_exactly(dividend: Dim, divisor: DimLike) -> DimLike | None:
    if divisor == 0:
        raise ZeroDivisionError(f"Cannot divide the dimension {dividend} by zero.")
    if dividend == divisor:
        return 1
    divisor_terms = _terms(divisor)
    if len(divisor_terms) != 1:
        return None
    (factor, scale), quotient = divisor_terms[0], []
    for monomial, coefficient in dividend.terms:
        rest = list(monomial)
        for atom in factor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % scale:
            return None
        quotient.append((tuple(rest), coefficient // scale))
    return _from_terms(quotient)
