"""Reverse-mode differentiation: gradients are appended to the graph as ordinary nodes.

Gradient rules are made of ops, so gradients can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .graph import Node, Value, topological
from .provenance import derived_from
from .registry import ops
from .types import TensorType, numpy_dtype


def gradients(
    outputs: Sequence[Value], inputs: Sequence[Value], grad_outputs: Sequence[Value | None] | None = None
) -> tuple[Value | None, ...]:
    """d sum_k <grad_outputs[k], outputs[k]> / d inputs.

    `grad_outputs` defaults to ones. The gradient of an input that no output depends on is None.

    Raises:
        TypeError: when an output is not of a float dtype.
        NotImplementedError: when an op on the way has no gradient rule; names the op and the file.
    """
    found: dict[Value, Value] = {}
    for output, seed in zip(outputs, grad_outputs or [None] * len(outputs), strict=True):
        if not output.type.is_float:
            raise TypeError(f"gradients: only float tensors can be differentiated, got an output of type {output.type}.")
        if seed is None:
            seed = _ones(output.type)
        elif seed.type != output.type:
            raise ValueError(f"gradients: grad_outputs must have the types of outputs, got {seed.type} for {output.type}.")
        _accumulate(found, output, seed)
    order, wanted = list(topological(outputs)), set(inputs)
    needed = _depends_on(order, wanted)
    for node in reversed(order):
        upstream = [found.get(value) for value in node.outputs]
        if id(node) not in needed or all(grad is None for grad in upstream) or not node.op.differentiable:
            continue
        with derived_from(node.origin, forward=node.op.name):
            _push(found, node, upstream, needed, wanted)
    return tuple(found.get(value) for value in inputs)


def _push(found: dict[Value, Value], node: Node, upstream: list[Value | None], needed: set[int], wanted: set[Value]) -> None:
    """Let the node's rule turn the gradients of its results into gradients of its operands."""
    single = len(node.outputs) == 1
    grad, out = (upstream[0], node.outputs[0]) if single else (tuple(upstream), node.outputs)
    pushed = node.op.vjp(grad, out, *node.inputs, **node.attrs)
    if len(pushed) != len(node.inputs):
        raise RuntimeError(f"{node.op.name}.vjp returned {len(pushed)} gradients for {len(node.inputs)} operands.")
    for operand, gradient in zip(node.inputs, pushed):
        if gradient is None or not (operand in wanted or (operand.node is not None and id(operand.node) in needed)):
            continue
        _accumulate(found, operand, unbroadcast(gradient, operand.type))


def _ones(type_: TensorType) -> Value:
    one: Value = ops.constant(value=np.ones((), numpy_dtype(type_.dtype)))
    return ops.broadcast_to(one, shape=type_.shape) if type_.shape else one


def _accumulate(found: dict[Value, Value], value: Value, gradient: Value) -> None:
    found[value] = found[value] + gradient if value in found else gradient


def _depends_on(order: Sequence[Node], wanted: set[Value]) -> set[int]:
    """Ids of the nodes whose results depend on a wanted value."""
    reached: set[int] = set()
    for node in order:
        if any(value in wanted or (value.node is not None and id(value.node) in reached) for value in node.inputs):
            reached.add(id(node))
    return reached


def unbroadcast(gradient: Value, type_: TensorType) -> Value:
    """Sum a broadcast gradient back to the operand's shape."""
    if gradient.type.shape == type_.shape:
        return gradient
    extra = gradient.type.ndim - type_.ndim
    axes = (*range(extra), *(extra + k for k, dim in enumerate(type_.shape) if dim != gradient.type.shape[extra + k]))
    only_extra = len(axes) == extra
    summed = ops.sum(gradient, axis=axes, keepdims=not only_extra)
    return summed if only_extra or extra == 0 else ops.reshape(summed, shape=type_.shape)  # type: ignore[no-any-return]
