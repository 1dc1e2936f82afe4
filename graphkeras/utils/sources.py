"""Where a symbolic tensor comes from."""

from __future__ import annotations

from ..layers.input_layer import InputLayer
from ..tensor import KerasTensor


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The tensors of `Input` that `tensor` is computed from, in the order in which its computation reads them.

    A tensor that nothing recorded made is its own source.
    """
    sources: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    pending = [tensor]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        history = current.history
        if history is None or isinstance(history.operation, InputLayer) or not history.call.inputs:
            sources[id(current)] = current
        else:
            pending.extend(reversed(history.call.inputs))
    return list(sources.values())
