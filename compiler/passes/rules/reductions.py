"""Rules of sums and other reductions."""

# mypy: disable-error-code="no-any-return"
# (ops are looked up by name, so what they return has no static type)

from __future__ import annotations

from ...dims import Dim, DimLike, size_of
from ...graph import Node, Value
from ...registry import ops
from ...rewrite import Replacement, Rule, Skip, node_rule
from .views import RESHAPES

RULES: list[Rule] = []

REDUCTIONS = ("sum", "mean", "prod", "max", "min", "any", "all")
CHOICES = ("mean", "max", "min", "any", "all")  # of equal numbers they give that number


@node_rule(RULES, "reduce(x) -> reshape(x) where the axes have size 1", REDUCTIONS)
def reduce_one_element(node: Node) -> Replacement:
    (x,) = node.inputs
    if any(x.type.shape[axis] != 1 for axis in node.attrs["axis"]):
        return None
    return ops.reshape(x, shape=node.output.type.shape)


@node_rule(RULES, "reduce(reduce(x)) -> reduce(x)", ("sum", "max", "min", "any", "all", "prod"), rounds=True)
def reduce_twice(node: Node) -> Replacement:
    inner = node.inputs[0].node
    if inner is None or inner.op is not node.op:
        return None
    x, axis = inner.inputs[0], inner.attrs["axis"]
    left = range(x.type.ndim) if inner.attrs["keepdims"] else [k for k in range(x.type.ndim) if k not in axis]
    together = tuple(sorted({*axis, *(left[k] for k in node.attrs["axis"])}))
    kept = node.op(x, axis=together, keepdims=node.attrs["keepdims"])
    return ops.reshape(kept, shape=node.output.type.shape)


@node_rule(RULES, "reduce(reshape(x)) -> reduce(x) over all", REDUCTIONS, rounds=True)
def reduce_all_of_reshape(node: Node) -> Replacement:
    """The order of the elements is the same: the shape before the reshape does as well."""
    inner = node.inputs[0].node
    if inner is None or inner.op.name not in (*RESHAPES, "transpose") or len(node.attrs["axis"]) != node.inputs[0].type.ndim:
        return None
    total = node.op(inner.inputs[0], axis=tuple(range(inner.inputs[0].type.ndim)), keepdims=False)
    return ops.reshape(total, shape=node.output.type.shape)


@node_rule(RULES, "sum(-x) -> -sum(x)", ("sum",))
def sum_of_negatives(node: Node) -> Replacement:
    inner = node.inputs[0].node
    if inner is None or inner.op.name != "negative":
        return None
    return -ops.sum(inner.inputs[0], **node.attrs)


@node_rule(RULES, "sum(broadcast_to(x)) -> sum(x) * count", ("sum",), rounds=True)
def sum_of_repeated(node: Node) -> Replacement:
    found = _repeated(node)
    if found is None:
        return None
    x, count = found
    if x.type.dtype not in ("float32", "float64", "int32", "int64", "uint32", "uint64"):
        return Skip(f"the number of repetitions may not be a {x.type.dtype}")
    if count == 0:
        return Skip("the sum of nothing is 0 even if x is infinite")
    once = ops.sum(x, **node.attrs)
    times = ops.dimension(dim=count, dtype=x.type.dtype) if isinstance(count, Dim) else count
    return ops.broadcast_to(once * times, shape=node.output.type.shape)


@node_rule(RULES, "reduce(broadcast_to(x)) -> reduce(x) for mean, max, min, any, all", CHOICES, rounds=True)
def reduce_repeated(node: Node) -> Replacement:
    found = _repeated(node)
    if found is None:
        return None
    x, count = found
    if isinstance(count, Dim) or count == 0:
        return Skip(f"the size {count} may be 0, and the reduction of nothing is not x")
    return ops.broadcast_to(node.op(x, **node.attrs), shape=node.output.type.shape)


def _repeated(node: Node) -> tuple[Value, DimLike] | None:
    """For a reduction over axes along which its operand repeats x: x with as many axes, and how often it is repeated."""
    inner = node.inputs[0].node
    if inner is None or inner.op.name != "broadcast_to":
        return None
    x, shape = inner.inputs[0], inner.output.type.shape
    aligned = (1,) * (len(shape) - x.type.ndim) + x.type.shape
    repeated = [k for k in node.attrs["axis"] if aligned[k] == 1 and shape[k] != 1]
    if not repeated:
        return None
    return ops.reshape(x, shape=aligned), size_of(shape[k] for k in repeated)
