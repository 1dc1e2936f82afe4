"""What `graphkeras-dump --memory` prints: how much memory a run takes, and where it is most."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from graphkeras.compiler.graph import Graph
from graphkeras.compiler.memory_use import memory_use

from .costs import amount

#: How many of the values at the peak are named.
SHOWN = 5


def memory_text(graph: Graph, target: str, sizes: Mapping[str, int]) -> str:
    """Bytes of variables, inputs and values at once; for triton what the memory plan takes.

    Args:
        graph: the program, after all passes.
        target: what it runs on.
        sizes: a number for every symbol.
    """
    use = memory_use(graph, sizes)
    at = ", ".join(f"{name} = {size}" for name, size in sorted(sizes.items()))
    lines = [
        f"memory of {graph.name} on {target}" + (f" for {at}" if at else ""),
        f"  {'variables':16} {amount(use.state):>16} bytes",
        f"  {'inputs':16} {amount(use.inputs):>16} bytes",
    ]
    if target == "triton":
        lower = importlib.import_module("graphkeras.compiler.triton_lowering.lower").lower
        lowered = lower(graph, {name: sizes[name] for name in graph.symbols})
        lines.append(f"  {'planned arena':16} {amount(lowered.program.arena_bytes):>16} bytes, inputs and outputs included")
    lines.append(f"  {'values at once':16} {amount(use.peak):>16} bytes at most, if nothing is fused")
    if use.node is None:
        return "\n".join([*lines, ""])
    place = " | ".join(part for part in (use.node.origin.scope, use.node.origin.source) if part)
    lines += [f"most of it at {use.node.op.name}  # {place}", "where these are alive:"]
    for value, size in use.largest[:SHOWN]:
        made_by = f"{value.node.op.name}  # {value.node.origin.scope}" if value.node is not None else "an input"
        lines.append(f"  {amount(size):>16} bytes  {value.type.bind(sizes)}  {made_by}")
    return "\n".join([*lines, ""])
