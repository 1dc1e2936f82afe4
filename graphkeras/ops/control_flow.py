"""Branches and loops: `cond`, `switch`, `while_loop`, `fori_loop`.

On numbers Python's own control flow does it. On symbols the functions are traced once and become bodies of the graph's nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Value
from graphkeras.compiler.ops.body_rules import as_tuple
from graphkeras.compiler.ops.scan_gradient import saving_scan
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType, shape_text

from .. import tree
from ..operation import operation
from .bodies import (
    Traced,
    as_tensors,
    check_function,
    is_concrete,
    leaves_of,
    packed,
    shown_to_user,
    trace_rounds,
)
from .operands import as_bool, cast, dtype_of, shape_of, tensor

__all__ = ["cond", "fori_loop", "switch", "while_loop"]


@operation
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What true_fn() returns if `pred` is true, else what false_fn() returns. The other one is not computed where the target
    can branch.

    Args:
        pred: one boolean.
        true_fn, false_fn: functions without arguments. They may read tensors and variables from around them and must not assign
            variables. Both return the same structure of tensors of the same shapes and dtypes.

    Raises:
        ValueError: if the two results differ in structure, shape or dtype.

    Example:

    ```python
    y = ops.cond(ops.sum(x) > 0, lambda: ops.sqrt(x), lambda: ops.zeros_like(x))
    ```
    """
    check_function(true_fn, "ops.cond: true_fn")
    check_function(false_fn, "ops.cond: false_fn")
    return _cond("ops.cond", pred, true_fn, false_fn)


def _cond(what: str, pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    if shape_of(pred) != ():
        raise ValueError(f"{what}: the condition must be one boolean, of shape (), got shape {shape_text(shape_of(pred))}.")
    if not isinstance(pred, Value):
        return as_tensors(true_fn() if bool(pred) else false_fn())
    branches = [Traced(function, (), lambda _: (), what) for function in (true_fn, false_fn)]
    one, other = branches
    if one.structure != other.structure:
        raise ValueError(
            f"{what}: both functions must return the same structure, got {_described(one)} and {_described(other)}."
        )
    for k in range(len(one.values)):  # a Python number takes the dtype of the other one
        for here, there in ((one, other), (other, one)):
            if here.numbers[k] and not there.numbers[k]:
                here.values[k] = cast(here.values[k], dtype_of(there.values[k]))
        if one.values[k].type != other.values[k].type:
            raise ValueError(
                f"{what}: both functions must return tensors of the same shape and dtype, got "
                f"{one.values[k].type} and {other.values[k].type}. Cast or reshape one of them."
            )
    if not one.values:
        return one.packed(())
    outer = list(dict.fromkeys([*one.reads(everything=True), *other.reads(everything=True)]))
    made = ops.cond(as_bool(pred), *outer, when_true=one.body(outer), when_false=other.body(outer))
    return one.packed(as_tuple(made))


def _described(branch: Traced) -> Any:
    return branch.packed([str(value.type) for value in branch.values])


@operation
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """What branches[index](*operands) returns; an index that is too small or too large counts as the first or last one."""
    if not branches:
        raise ValueError("ops.switch: give at least one branch, got none.")
    for number, branch in enumerate(branches):
        check_function(branch, f"ops.switch: branch {number}")
    shown = shown_to_user(operands)
    if not isinstance(index, Value):
        return as_tensors(branches[min(max(int(index), 0), len(branches) - 1)](*shown))
    return _switch(index, 0, branches, shown)


def _switch(index: Value, number: int, branches: Sequence[Callable[..., Any]], operands: Sequence[Any]) -> Any:
    """Branch `number`, or one behind it."""
    here = branches[number]
    if number == len(branches) - 1:
        return here(*operands)
    chosen = ops.less_equal(index, number)
    return _cond("ops.switch", chosen, lambda: here(*operands), lambda: _switch(index, number + 1, branches, operands))


@operation
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeats ``loop_vars = body(*loop_vars)`` while ``cond(*loop_vars)``; returns the last `loop_vars`.

    It has no gradient: use `fori_loop` or `scan` where one is needed.

    Args:
        cond: from the variables to one boolean.
        body: from the variables to the new ones, of the same shapes and dtypes.
        loop_vars: a tuple or list of (structures of) tensors, or a single tensor.
        maximum_iterations: the most rounds; no limit by default.

    Raises:
        ValueError: if a round changes shapes or dtypes.
    """
    check_function(cond, "ops.while_loop: cond")
    check_function(body, "ops.while_loop: body")
    if isinstance(maximum_iterations, (Value, Dim)):
        raise TypeError("ops.while_loop: maximum_iterations must be a number that is known now; use a counter in cond instead.")
    several = isinstance(loop_vars, (tuple, list))
    state = tuple(loop_vars) if several else (loop_vars,)
    limit = None if maximum_iterations is None else int(maximum_iterations)

    def step(*variables: Any) -> Any:
        result = body(*variables)
        return tuple(result) if several and isinstance(result, (tuple, list)) else (result,)

    if is_concrete(loop_vars):
        state, rounds = tree.map_structure(tensor, state), 0
        while (limit is None or rounds < limit) and bool(np.asarray(cond(*state))):
            state, rounds = step(*state), rounds + 1
        return tree.map_structure(tensor, state) if several else tensor(state[0])
    step.__name__ = getattr(body, "__name__", "body")
    start, traced = trace_rounds(step, leaves_of(state), (), lambda leaves: packed(state, leaves), "ops.while_loop")
    _check_structure("ops.while_loop", state, traced.result)
    types = [value.type for value in traced.inputs]
    test = Traced(cond, types, lambda leaves: packed(state, leaves), "ops.while_loop")
    if len(test.values) != 1 or test.values[0].type.shape != ():
        raise ValueError(
            "ops.while_loop: cond must return one boolean, got "
            f"{', '.join(str(value.type) for value in test.values) or 'nothing'}."
        )
    test.values[0] = as_bool(test.values[0])
    outer = list(dict.fromkeys([*traced.reads(), *test.reads()]))
    made = ops.while_loop(
        *_values(start), *outer, condition=test.body(outer), body=traced.body(outer), variables=len(start), maximum=limit
    )
    result = packed(state, as_tuple(made))
    return result if several else result[0]


@operation
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Repeats ``val = body_fun(i, val)`` for i from `lower` up to `upper` - 1; returns the last val.

    It has a gradient where the number of rounds is known while the graph is made: numbers or sizes from `ops.shape`.

    Raises:
        ValueError: if a round changes shapes or dtypes.
    """
    check_function(body_fun, "ops.fori_loop: body_fun")
    counted = not isinstance(lower, Value) and not isinstance(upper, Value)
    if is_concrete((lower, upper, init_val)) and not isinstance(lower, Dim) and not isinstance(upper, Dim):
        val = tree.map_structure(tensor, init_val)
        for i in range(int(lower), int(upper)):
            val = body_fun(np.asarray(i, np.int32), val)
        return tree.map_structure(tensor, val)
    number = TensorType((), "int32")
    if not counted:
        return _while_counting(lower, upper, body_fun, init_val)
    first, last = (size if isinstance(size, Dim) else int(size) for size in (lower, upper))
    length = last - first
    length = length if isinstance(length, Dim) else max(length, 0)

    def arguments(leaves: Sequence[Any]) -> tuple[Any, Any]:
        return leaves[-1], packed(init_val, leaves[:-1])

    start, traced = trace_rounds(body_fun, leaves_of(init_val), [number], arguments, "ops.fori_loop")
    _check_structure("ops.fori_loop", init_val, traced.result)
    outer = traced.reads()
    counter = ops.iota(size=length, dtype="int32")
    counter = ops.add(counter, tensor(first)) if first != 0 else counter
    made = saving_scan(
        *_values(start), counter, *outer, body=traced.body(outer), carries=len(start), sequences=1, length=length
    )
    return packed(init_val, made)


def _while_counting(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """A loop whose number of rounds is a tensor."""
    end = cast(tensor(upper), "int32")

    def go_on(i: Any, val: Any) -> Any:
        return i < shown_to_user(end)

    def step(i: Any, val: Any) -> Any:
        return i + 1, body_fun(i, val)

    return while_loop.body(go_on, step, (cast(tensor(lower), "int32"), init_val))[1]


def _values(start: Sequence[Any]) -> list[Value]:
    return [leaf if isinstance(leaf, Value) else ops.constant(value=leaf) for leaf in start]


def _check_structure(what: str, expected: Any, found: Any) -> None:
    try:
        tree.assert_same_structure(expected, found)
    except ValueError as error:
        raise ValueError(f"{what}: every round must give back the structure that it got. {error}") from None
