"""Rules of powers, roots, absolute values and activations."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from ...graph import Value
from ...registry import ops
from ...rewrite import Replacement, Rule, Skip, rule
from .facts import filled, is_integer, is_never_negative

RULES: list[Rule] = []


@rule(RULES, "x * x -> square(x)", before=lambda x: x * x)
def times_itself(x: Value) -> Replacement:
    return ops.square(x)


@rule(RULES, "power(x, 0) -> 1", before=lambda x: ops.power(x, 0))
def power_zero(x: Value) -> Replacement:
    return filled(x, 1)


@rule(RULES, "power(x, 1) -> x", before=lambda x: ops.power(x, 1))
def power_one(x: Value) -> Replacement:
    return x


@rule(RULES, "power(x, 2) -> square(x)", before=lambda x: ops.power(x, 2), rounds=True)
def power_two(x: Value) -> Replacement:
    return ops.square(x)


@rule(RULES, "power(x, 3) -> square(x) * x", before=lambda x: ops.power(x, 3), rounds=True)
def power_three(x: Value) -> Replacement:
    return ops.square(x) * x


@rule(RULES, "power(x, -1) -> reciprocal(x)", before=lambda x: ops.power(x, -1), rounds=True)
def power_minus_one(x: Value) -> Replacement:
    return Skip("integers have no reciprocal") if is_integer(x) else ops.reciprocal(x)


@rule(RULES, "power(x, 0.5) -> sqrt(x) where x >= 0", before=lambda x: ops.power(x, 0.5), rounds=True)
def power_half(x: Value) -> Replacement:
    if not x.type.is_float or not is_never_negative(x):
        return Skip("x may be -inf, whose power is inf and whose root is NaN")
    return ops.sqrt(x)


@rule(RULES, "square(-x) -> square(x)", before=lambda x: ops.square(-x))
def square_of_negative(x: Value) -> Replacement:
    return ops.square(x)


@rule(RULES, "square(abs(x)) -> square(x)", before=lambda x: ops.square(ops.abs(x)))
def square_of_size(x: Value) -> Replacement:
    return ops.square(x)


@rule(RULES, "abs(-x) -> abs(x)", before=lambda x: ops.abs(-x))
def size_of_negative(x: Value) -> Replacement:
    return ops.abs(x)


@rule(RULES, "abs(x) -> x where x >= 0", before=lambda x: ops.abs(x))
def size_of_positive(x: Value) -> Replacement:
    return x if is_never_negative(x) else None


@rule(RULES, "cos(-x) -> cos(x)", before=lambda x: ops.cos(-x))
def cosine_of_negative(x: Value) -> Replacement:
    return ops.cos(x)


@rule(RULES, "relu(x) -> x where x >= 0", before=lambda x: ops.relu(x))
def relu_of_positive(x: Value) -> Replacement:
    return x if is_never_negative(x) else None


@rule(RULES, "maximum(x, 0) -> relu(x)", before=lambda x: ops.maximum(x, 0))
def maximum_with_zero(x: Value) -> Replacement:
    return ops.relu(x)


@rule(RULES, "maximum(x, x) -> x", before=lambda x: ops.maximum(x, x))
def maximum_of_one(x: Value) -> Replacement:
    return x


@rule(RULES, "minimum(x, x) -> x", before=lambda x: ops.minimum(x, x))
def minimum_of_one(x: Value) -> Replacement:
    return x


@rule(RULES, "reciprocal(exp(-x) + 1) -> sigmoid(x)", before=lambda x: ops.reciprocal(ops.exp(-x) + 1), rounds=True)
def logistic_function(x: Value) -> Replacement:
    return ops.sigmoid(x)


@rule(RULES, "log(softmax(x)) -> log_softmax(x)", before=lambda x, a: ops.log(ops.softmax(x, axis=a)), rounds=True)
def log_of_softmax(x: Value, a: int) -> Replacement:
    """Where softmax underflows to 0, the logarithm is now finite instead of -inf."""
    return ops.log_softmax(x, axis=a)
