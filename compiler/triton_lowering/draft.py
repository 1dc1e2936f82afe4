"""A kernel as the lowering writes it: its text, its grid, and the buffers that its pointers point to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from graphkeras.kernels.program import Address, Kernel
from graphkeras.kernels.render import render

from .. import config
from ..graph import Node, Value
from ..ops.base import Array
from .reads import has_element_rule
from .region import Region
from .writer import KernelWriter, Parameter, Place, pointer_type

MAX_INT32 = 2**31 - 1
Tile = TypeVar("Tile")
Targets = Mapping[Value, Sequence[Place]]


@dataclass(frozen=True)
class Draft:
    """A launch before its buffers have places.

    Attributes:
        kernel: what runs.
        grid: how many program instances.
        buffers: the name of the buffer for each pointer parameter.
        constants: arrays that the kernel reads, by buffer name.
        tables: tables of addresses that the kernel reads: the entries, by buffer name.
        note: in words, what it computes.
        addresses: what names in `buffers` stand for that are no buffers.
        scratch: arrays that only this launch uses.
        alternatives: the same in other tiles, of which a clock may choose one.
    """

    kernel: Kernel
    grid: tuple[int, int, int]
    buffers: tuple[str, ...]
    constants: Mapping[str, Array] = field(default_factory=dict)
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""
    addresses: Mapping[str, Address] = field(default_factory=dict)
    scratch: tuple[Place, ...] = ()
    alternatives: tuple[Draft, ...] = ()


def draft_in_tiles(make: Callable[[Tile], Draft], tiles: Sequence[Tile]) -> Draft:
    """The kernel in the first of `tiles`; with `config.autotune` all others are its alternatives."""
    wanted = tiles if config.current().autotune else tiles[:1]
    first, *others = (make(tile) for tile in wanted)
    return replace(first, alternatives=tuple(others))


def finish(
    template: str,
    region: Region,
    writer: KernelWriter,
    sections: Mapping[str, Sequence[str]],
    constants: Mapping[str, Any],
    grid: tuple[int, int, int],
    num_warps: int,
    num_stages: int = 1,
) -> Draft:
    """The kernel of one region from what has been written."""
    parameters = list(writer.parameters.values())
    name = kernel_name(template, region)
    header = [*describe_nodes(region), *describe_parameters(parameters)]
    source = render(template, name, [parameter.name for parameter in parameters], sections, header)
    if writer.largest > MAX_INT32:
        source = _with_wide_indices(source)
    kernel = Kernel(
        name,
        source,
        {parameter.name: pointer_type(parameter.dtype) for parameter in parameters},
        dict(constants),
        num_warps,
        num_stages,
        frozenset(parameter.name for parameter in parameters if parameter.is_aligned),
    )
    return Draft(kernel, grid, tuple(p.buffer for p in parameters), dict(writer.constants), {}, note_of(region))


def _with_wide_indices(source: str) -> str:
    """Index arithmetic in 64 bits: for arrays of more than 2**31 elements."""
    return re.sub(r"tl\.(program_id|arange)\(([^()]*)\)", r"tl.\1(\2).to(tl.int64)", source)


def kernel_name(template: str, region: Region) -> str:
    """Such as ``matmul_add_relu``."""
    names = [node.op.name for node in _nodes(region)]
    main = [name for name in names if name in ("matmul", "softmax") or name == template]
    others = [name for name in names if name not in main]
    words = [*main, *others][:5]
    if len(names) > 5:
        words.append(f"and_{len(names) - 5}")
    return "_".join(words or ["copy"])


def note_of(region: Region) -> str:
    """What a launch computes, with the layers that it belongs to."""
    scopes = dict.fromkeys(node.origin.scope for node in _nodes(region) if node.origin.scope)
    ops = ", ".join(node.op.name for node in _nodes(region)) or "copy"
    return f"{ops} over {region.space}" + (f" ({', '.join(scopes)})" if scopes else "")


def describe_nodes(region: Region) -> list[str]:
    """One line for each node in the kernel: op, result, layer, the user's line."""
    lines = [f"Iterates over {region.space}."]
    for node in _nodes(region):
        origin = node.origin
        gradient = f"gradient of {origin.forward}" if origin.forward else ""
        facts = ", ".join(fact for fact in (gradient, origin.scope, origin.source) if fact)
        lines.append(f"  {node.op.name} -> {node.outputs[0].type}" + (f"  # {facts}" if facts else ""))
    return lines


def describe_parameters(parameters: Iterable[Parameter]) -> list[str]:
    return [f"  {parameter.name}: {parameter.dtype} {parameter.buffer}" for parameter in parameters]


def power_of_two(size: int) -> int:
    """The smallest power of two that is at least `size`."""
    return 1 << max(size - 1, 0).bit_length()


def warps_for(elements: int) -> int:
    """Warps of a program instance that computes a tile of that many elements: 8 elements for each thread."""
    return min(max(elements // 256, 1), 8)


def _nodes(region: Region) -> list[Node]:
    nodes = {value.node: None for value in (*region.inside, *region.stores) if value.node is not None}
    kept = [node for node in nodes if node in region.facts.order and node.op.name != "constant"]
    return sorted((n for n in kept if has_element_rule(n) or n.outputs[0] in region.inside), key=region.facts.order.__getitem__)
