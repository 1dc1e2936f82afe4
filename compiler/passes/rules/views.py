"""Rules of ops that only rename or repeat places: reshape, transpose, broadcast_to, slice, pad, concatenate; and of matmul."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from collections.abc import Iterable

from ...dims import size_of
from ...graph import Node, Value
from ...ops.activation import Clip, FloatComposite
from ...ops.elementwise import Elementwise
from ...ops.select import Cast
from ...patterns import constant_of
from ...registry import OPS, ops
from ...rewrite import Replacement, Rule, node_rule
from ...types import broadcast

RULES: list[Rule] = []

RESHAPES = ("reshape", "expand_dims", "squeeze")  # the elements stay in row-major order
IDENTITIES = (*RESHAPES, "broadcast_to")


def elementwise() -> Iterable[str]:
    """Ops whose result element depends on the operands' elements at the same place only."""
    return [name for name, op in OPS.items() if isinstance(op, (Elementwise, FloatComposite, Clip, Cast))]


def _made_by(value: Value, *names: str) -> Node | None:
    return value.node if value.node is not None and value.node.op.name in names else None


# ---- views that do nothing -----------------------------------------------------------------------------------------------


@node_rule(RULES, "view(x) -> x where the shape stays", IDENTITIES)
def same_shape(node: Node) -> Replacement:
    (x,) = node.inputs
    return x if x.type == node.output.type else None


@node_rule(RULES, "transpose(x) -> x where the axes stay", ("transpose",))
def same_order(node: Node) -> Replacement:
    return node.inputs[0] if node.attrs["axes"] == tuple(range(len(node.attrs["axes"]))) else None


@node_rule(RULES, "slice(x) -> x where it takes all", ("slice",))
def whole_slice(node: Node) -> Replacement:
    """Steps are at least 1, so that a slice as large as its operand is its operand."""
    (x,) = node.inputs
    return x if x.type == node.output.type and 0 not in x.type.shape else None


@node_rule(RULES, "pad(x) -> x where it adds nothing", ("pad",))
def no_padding(node: Node) -> Replacement:
    return node.inputs[0] if not any((*node.attrs["before"], *node.attrs["after"])) else None


@node_rule(RULES, "concatenate(x) -> x", ("concatenate",))
def one_piece(node: Node) -> Replacement:
    return node.inputs[0] if len(node.inputs) == 1 else None


# ---- views of views ------------------------------------------------------------------------------------------------------


@node_rule(RULES, "reshape(reshape(x)) -> reshape(x)", RESHAPES)
def reshape_twice(node: Node) -> Replacement:
    """Also for expand_dims and squeeze, which are reshapes."""
    inner = _made_by(node.inputs[0], *RESHAPES)
    return None if inner is None else ops.reshape(inner.inputs[0], shape=node.output.type.shape)


@node_rule(RULES, "transpose(transpose(x)) -> transpose(x)", ("transpose",))
def transpose_twice(node: Node) -> Replacement:
    inner = _made_by(node.inputs[0], "transpose")
    if inner is None:
        return None
    return ops.transpose(inner.inputs[0], axes=tuple(inner.attrs["axes"][axis] for axis in node.attrs["axes"]))


@node_rule(RULES, "transpose(x) -> reshape(x) where only axes of size 1 move", ("transpose",))
def transpose_of_ones(node: Node) -> Replacement:
    (x,), axes = node.inputs, node.attrs["axes"]
    long = [axis for axis in axes if x.type.shape[axis] != 1]
    if long != sorted(long) or axes == tuple(range(len(axes))):
        return None
    return ops.reshape(x, shape=node.output.type.shape)


@node_rule(RULES, "broadcast_to(broadcast_to(x)) -> broadcast_to(x)", ("broadcast_to",))
def broadcast_twice(node: Node) -> Replacement:
    inner = _made_by(node.inputs[0], "broadcast_to")
    return None if inner is None else ops.broadcast_to(inner.inputs[0], shape=node.output.type.shape)


@node_rule(RULES, "broadcast_to(reshape(x)) -> broadcast_to(x) where the reshape only puts axes in front", ("broadcast_to",))
def broadcast_of_leading_axes(node: Node) -> Replacement:
    inner = _made_by(node.inputs[0], *RESHAPES)
    if inner is None or not _adds_leading_axes(inner):
        return None
    return ops.broadcast_to(inner.inputs[0], shape=node.output.type.shape)


def _adds_leading_axes(reshape: Node) -> bool:
    before, after = reshape.inputs[0].type.shape, reshape.output.type.shape
    extra = len(after) - len(before)
    return extra > 0 and after == (1,) * extra + before


@node_rule(RULES, "view(broadcast_to(x)) -> broadcast_to(x) where x is one number", (*RESHAPES, "transpose"))
def view_of_one_number(node: Node) -> Replacement:
    inner = _made_by(node.inputs[0], "broadcast_to")
    if inner is None or size_of(inner.inputs[0].type.shape) != 1:
        return None
    number = ops.reshape(inner.inputs[0], shape=())
    return ops.broadcast_to(number, shape=node.output.type.shape)


# ---- broadcasting --------------------------------------------------------------------------------------------------------


@node_rule(RULES, "constant of equal numbers -> broadcast_to(number)", ("constant",))
def uniform_constant(node: Node) -> Replacement:
    array = node.attrs["value"]
    if array.size < 2 or (array != array.flat[0]).any():
        return None
    return ops.broadcast_to(ops.constant(value=array.ravel()[:1].reshape(()).copy()), shape=node.output.type.shape)


@node_rule(RULES, "f(broadcast_to(x), y) -> f(x, y) for elementwise f", elementwise)
def operand_is_broadcast_anyway(node: Node) -> Replacement:
    """Where the plain operands meet in a smaller shape, f is computed there and its result is broadcast."""
    plain = [inner.inputs[0] if (inner := _made_by(value, "broadcast_to")) else value for value in node.inputs]
    if all(new is old for new, old in zip(plain, node.inputs)):
        return None
    result: Value = node.op(*plain, **node.attrs)
    shape = broadcast(*(value.type.shape for value in plain))
    return result if shape == node.output.type.shape else ops.broadcast_to(result, shape=node.output.type.shape)


@node_rule(RULES, "f(reshape(x), y) -> f(x, y) where the reshape only puts axes in front", elementwise)
def leading_axes_come_anyway(node: Node) -> Replacement:
    plain = [
        inner.inputs[0] if (inner := _made_by(value, *RESHAPES)) and _adds_leading_axes(inner) else value
        for value in node.inputs
    ]
    if all(new is old for new, old in zip(plain, node.inputs)):
        return None
    if broadcast(*(value.type.shape for value in plain)) != node.output.type.shape:
        return None
    return node.op(*plain, **node.attrs)


# ---- matmul --------------------------------------------------------------------------------------------------------------


@node_rule(RULES, "matmul(a, b) -> a * b where one number meets one", ("matmul",))
def outer_product(node: Node) -> Replacement:
    """A product over an inner size of 1 has one term: elementwise, it can be fused into its neighbours."""
    a, b = node.inputs
    return a * b if a.type.shape[-1] == 1 and constant_of(a) is None else None
