"""Rules of + - * / and of signs."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...graph import Node, Value
from ...patterns import constant_of
from ...registry import OPS, ops
from ...rewrite import Replacement, Rule, Skip, node_rule, rule
from .facts import combined, filled, is_integer, is_moderate, negated

RULES: list[Rule] = []


def commutative() -> Iterable[str]:
    return [name for name, op in OPS.items() if op.commutative]


@node_rule(RULES, "f(c, x) -> f(x, c) for commutative f", commutative)
def constants_to_the_right(node: Node) -> Replacement:
    a, b = node.inputs
    return node.op(b, a) if constant_of(a) is not None and constant_of(b) is None else None


# ---- neutral elements ----------------------------------------------------------------------------------------------------


@rule(RULES, "x + 0 -> x", before=lambda x: x + 0)
def add_zero(x: Value) -> Replacement:
    return x


@rule(RULES, "x - 0 -> x", before=lambda x: x - 0)
def subtract_zero(x: Value) -> Replacement:
    return x


@rule(RULES, "0 - x -> -x", before=lambda x: 0 - x)
def subtract_from_zero(x: Value) -> Replacement:
    return Skip("unsigned integers have no negative") if x.type.dtype.startswith("uint") else -x


@rule(RULES, "x * 1 -> x", before=lambda x: x * 1)
def multiply_by_one(x: Value) -> Replacement:
    return x


@rule(RULES, "x * -1 -> -x", before=lambda x: x * -1)
def multiply_by_minus_one(x: Value) -> Replacement:
    return -x


@rule(RULES, "x * 0 -> 0", before=lambda x: x * 0)
def multiply_by_zero(x: Value) -> Replacement:
    return filled(x, 0) if is_integer(x) else Skip("an infinite or NaN x times 0 is NaN")


@rule(RULES, "x - x -> 0", before=lambda x: x - x)
def subtract_itself(x: Value) -> Replacement:
    return filled(x, 0) if is_integer(x) else Skip("an infinite or NaN x minus itself is NaN")


# ---- signs ---------------------------------------------------------------------------------------------------------------


@rule(RULES, "-(-x) -> x", before=lambda x: -(-x))  # noqa: B002
def negate_twice(x: Value) -> Replacement:
    return x


@rule(RULES, "x + -y -> x - y", before=lambda x, y: x + -y)
def add_negative(x: Value, y: Value) -> Replacement:
    return x - y


@rule(RULES, "x - -y -> x + y", before=lambda x, y: x - -y)
def subtract_negative(x: Value, y: Value) -> Replacement:
    return x + y


@rule(RULES, "-x - y -> -(x + y)", before=lambda x, y: -x - y)
def subtract_from_negative(x: Value, y: Value) -> Replacement:
    return -(x + y)


@rule(RULES, "-(x - y) -> y - x", before=lambda x, y: -(x - y))
def negate_difference(x: Value, y: Value) -> Replacement:
    return y - x


@rule(RULES, "-x * y -> -(x * y)", before=lambda x, y: -x * y)
def negative_factor(x: Value, y: Value) -> Replacement:
    return -(x * y)


@rule(RULES, "-x / y -> -(x / y)", before=lambda x, y: -x / y)
def negative_dividend(x: Value, y: Value) -> Replacement:
    return -(x / y)


@rule(RULES, "x / -y -> -(x / y)", before=lambda x, y: x / -y)
def negative_divisor(x: Value, y: Value) -> Replacement:
    return -(x / y)


@rule(RULES, "-(x * c) -> x * -c", before=lambda x, c: -(x * c))
def negate_product(x: Value, c: Value) -> Replacement:
    opposite = negated(c)
    return None if opposite is None else x * opposite


@rule(RULES, "-(x / c) -> x / -c", before=lambda x, c: -(x / c))
def negate_quotient(x: Value, c: Value) -> Replacement:
    opposite = negated(c)
    return None if opposite is None else x / opposite


# ---- constants -----------------------------------------------------------------------------------------------------------


@rule(RULES, "(x + c) + d -> x + (c + d) for integers", before=lambda x, c, d: (x + c) + d)
def add_constants(x: Value, c: Value, d: Value) -> Replacement:
    total = combined("add", c, d)
    if total is None:
        return None
    return x + total if is_integer(x) else Skip("a large c may be there to round x")


@rule(RULES, "(x * c) * d -> x * (c * d)", before=lambda x, c, d: (x * c) * d, rounds=True)
def multiply_constants(x: Value, c: Value, d: Value) -> Replacement:
    product = combined("multiply", c, d)
    if product is None:
        return None
    if not is_integer(x) and not all(is_moderate(value.node.attrs["value"]) for value in (c, d, product) if value.node):
        return Skip("the constants are so large or small that x * c may overflow while x * (c * d) does not")
    return x * product


@node_rule(RULES, "x / c -> x * (1 / c) where c is a power of two", ("divide",))
def divide_by_power_of_two(node: Node) -> Replacement:
    x, divisor = node.inputs
    array = constant_of(divisor)
    if array is None or array.size == 0 or array.dtype.name not in ("float32", "float64", "float16"):
        return None
    mantissa, exponent = np.frexp(array)
    if np.any(np.abs(mantissa) != 0.5):
        return Skip("1 / c is not exact")
    if np.any(np.abs(exponent) > (12 if array.dtype == np.float16 else 120)):
        return Skip("1 / c would be infinite or lose bits")
    return x * ops.constant(value=np.asarray(1 / array))


# ---- quotients -----------------------------------------------------------------------------------------------------------


@rule(RULES, "1 / x -> reciprocal(x)", before=lambda x: 1 / x)
def one_over(x: Value) -> Replacement:
    return ops.reciprocal(x)


@rule(RULES, "x * reciprocal(y) -> x / y", before=lambda x, y: x * ops.reciprocal(y), rounds=True)
def multiply_by_reciprocal(x: Value, y: Value) -> Replacement:
    return x / y


@rule(RULES, "reciprocal(sqrt(x)) -> rsqrt(x)", before=lambda x: ops.reciprocal(ops.sqrt(x)))
def reciprocal_of_root(x: Value) -> Replacement:
    return ops.rsqrt(x)
