"""Rules of bool, of the bits of integers, of choosing and converting."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from ...graph import Node, Value
from ...patterns import constant_of
from ...registry import ops
from ...rewrite import Replacement, Rule, Skip, node_rule, rule
from ...types import INTEGERS
from .facts import combined, filled

RULES: list[Rule] = []

# ---- bool ----------------------------------------------------------------------------------------------------------------


@rule(RULES, "not(not(x)) -> x", before=lambda x: ops.logical_not(ops.logical_not(x)))
def not_twice(x: Value) -> Replacement:
    return x


@rule(RULES, "x and true -> x", before=lambda x: ops.logical_and(x, True))
def and_true(x: Value) -> Replacement:
    return x


@rule(RULES, "x and false -> false", before=lambda x: ops.logical_and(x, False))
def and_false(x: Value) -> Replacement:
    return filled(x, False)


@rule(RULES, "x or false -> x", before=lambda x: ops.logical_or(x, False))
def or_false(x: Value) -> Replacement:
    return x


@rule(RULES, "x or true -> true", before=lambda x: ops.logical_or(x, True))
def or_true(x: Value) -> Replacement:
    return filled(x, True)


@node_rule(RULES, "f(x, x) -> x for and, or", ("logical_and", "logical_or", "bitwise_and", "bitwise_or"))
def with_itself(node: Node) -> Replacement:
    a, b = node.inputs
    return a if a is b else None


@rule(RULES, "not(x == y) -> x != y", before=lambda x, y: ops.logical_not(ops.equal(x, y)))
def not_equal(x: Value, y: Value) -> Replacement:
    return ops.not_equal(x, y)


@rule(RULES, "not(x != y) -> x == y", before=lambda x, y: ops.logical_not(ops.not_equal(x, y)))
def not_unequal(x: Value, y: Value) -> Replacement:
    return ops.equal(x, y)


# ---- bits ----------------------------------------------------------------------------------------------------------------


@rule(RULES, "~~x -> x", before=lambda x: ops.bitwise_not(ops.bitwise_not(x)))
def invert_twice(x: Value) -> Replacement:
    return x


@rule(RULES, "x ^ 0 -> x", before=lambda x: ops.bitwise_xor(x, 0))
def xor_zero(x: Value) -> Replacement:
    return x


@rule(RULES, "x ^ x -> 0", before=lambda x: ops.bitwise_xor(x, x))
def xor_itself(x: Value) -> Replacement:
    return filled(x, 0)


@rule(RULES, "x | 0 -> x", before=lambda x: ops.bitwise_or(x, 0))
def or_zero(x: Value) -> Replacement:
    return x


@rule(RULES, "x & 0 -> 0", before=lambda x: ops.bitwise_and(x, 0))
def and_zero(x: Value) -> Replacement:
    return filled(x, 0)


@rule(RULES, "(x ^ c) ^ d -> x ^ (c ^ d)", before=lambda x, c, d: ops.bitwise_xor(ops.bitwise_xor(x, c), d))
def xor_constants(x: Value, c: Value, d: Value) -> Replacement:
    total = combined("bitwise_xor", c, d)
    return None if total is None else ops.bitwise_xor(x, total)


@rule(RULES, "x << 0 -> x", before=lambda x: ops.left_shift(x, 0))
def shift_left_by_zero(x: Value) -> Replacement:
    return x


@rule(RULES, "x >> 0 -> x", before=lambda x: ops.right_shift(x, 0))
def shift_right_by_zero(x: Value) -> Replacement:
    return x


# ---- choosing ------------------------------------------------------------------------------------------------------------


@rule(RULES, "where(true, x, y) -> x", before=lambda x, y: ops.where(True, x, y))
def where_true(x: Value, y: Value) -> Replacement:
    return x


@rule(RULES, "where(false, x, y) -> y", before=lambda x, y: ops.where(False, x, y))
def where_false(x: Value, y: Value) -> Replacement:
    return y


@rule(RULES, "where(c, x, x) -> x", before=lambda c, x: ops.where(c, x, x))
def where_alike(c: Value, x: Value) -> Replacement:
    return x


@rule(RULES, "where(not(c), x, y) -> where(c, y, x)", before=lambda c, x, y: ops.where(ops.logical_not(c), x, y))
def where_not(c: Value, x: Value, y: Value) -> Replacement:
    return ops.where(c, y, x)


@node_rule(RULES, "where(c, 1, 0) -> cast(c)", ("where",))
def where_one_or_zero(node: Node) -> Replacement:
    condition, one, zero = node.inputs
    ones, zeros = constant_of(one), constant_of(zero)
    if ones is None or zeros is None or ones.size != 1 or zeros.size != 1 or ones.ravel()[0] != 1 or zeros.ravel()[0] != 0:
        return None
    return ops.cast(condition, dtype=one.type.dtype)


# ---- converting ----------------------------------------------------------------------------------------------------------

_HOLD_SIZES = ("int32", "int64", "uint32", "uint64", "float32", "float64")
_FLOAT_BITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}  # of the mantissa: integers up to 2**bits are exact
_INTEGER_BITS = {name: int(name.removeprefix("u").removeprefix("int")) for name in INTEGERS}
_WIDER_FLOATS = {("float16", "float32"), ("float16", "float64"), ("bfloat16", "float32"), ("bfloat16", "float64")} | {
    ("float32", "float64")
}


def holds_all_of(wide: str, narrow: str) -> bool:
    """Whether every number of dtype `narrow` is one of dtype `wide`."""
    if narrow in (wide, "bool"):
        return True
    if wide == "bool":
        return False
    if narrow in _FLOAT_BITS:
        return (narrow, wide) in _WIDER_FLOATS
    bits = _INTEGER_BITS[narrow] - (not narrow.startswith("uint"))
    if wide in _FLOAT_BITS:
        return bits <= _FLOAT_BITS[wide]
    if wide.startswith("uint"):
        return narrow.startswith("uint") and bits <= _INTEGER_BITS[wide]
    return bits <= _INTEGER_BITS[wide] - 1


@node_rule(RULES, "cast(x) -> x where it has that dtype", ("cast",))
def cast_to_itself(node: Node) -> Replacement:
    return node.inputs[0] if node.inputs[0].type.dtype == node.attrs["dtype"] else None


@node_rule(RULES, "cast(cast(x)) -> cast(x) where the inner one keeps every x", ("cast",))
def cast_twice(node: Node) -> Replacement:
    inner = node.inputs[0].node
    if inner is None or inner.op is not node.op:
        return None
    (x,) = inner.inputs
    if not holds_all_of(inner.attrs["dtype"], x.type.dtype):
        return Skip(f"not every {x.type.dtype} is a {inner.attrs['dtype']}")
    return ops.cast(x, dtype=node.attrs["dtype"])


@node_rule(RULES, "cast(dimension) -> dimension of that dtype", ("cast",))
def cast_dimension(node: Node) -> Replacement:
    inner, dtype = node.inputs[0].node, node.attrs["dtype"]
    if inner is None or inner.op.name != "dimension":
        return None
    if inner.attrs["dtype"] not in _HOLD_SIZES or dtype not in _HOLD_SIZES:
        return Skip(f"a large size may not be a {inner.attrs['dtype']} or a {dtype}")
    return ops.dimension(dim=inner.attrs["dim"], dtype=dtype)


@node_rule(RULES, "f(x) -> x for identity, stop_gradient", ("identity", "stop_gradient"))
def drop_identity(node: Node) -> Replacement:
    """Gradients have been taken before passes run, so nothing needs stopping any more."""
    return node.inputs[0]


@node_rule(RULES, "ensure_shape(x) -> x where x has the shape", ("ensure_shape",))
def drop_ensured_shape(node: Node) -> Replacement:
    return node.inputs[0] if node.inputs[0].type == node.output.type else None
