"""Updates that happen only in some steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..tensor import KerasTensor
from ..trace import current_trace


def only_if(condition: Any, update: Callable[[], Any]) -> None:
    """Do what `update` does to variables where `condition`, a boolean scalar, is true.

    In a compiled step the update is always computed, and each variable takes its new value or keeps its old one: a choice
    that runs on every target and costs no more than reading and writing the variables. NaN in a new value that is not
    chosen does no harm.
    """
    trace = current_trace()
    if trace is None:
        if bool(condition):
            update()
        return
    before = trace.snapshot()
    update()
    for variable, new in trace.snapshot().items():
        old = before.get(variable, variable.symbol)
        if new is not old:
            variable.assign(ops.where(condition, KerasTensor.of(new), KerasTensor.of(old)))
