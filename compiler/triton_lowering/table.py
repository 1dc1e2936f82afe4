"""One launch for the same computation on many arrays, whatever their sizes: the optimizer's update of all variables.

Regions may share such a launch if they are written alike: same lines, same dtypes. Pointers that differ between them come from
a table of addresses in device memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphkeras.kernels.program import Kernel
from graphkeras.kernels.render import render

from ..graph import Value
from .draft import MAX_INT32, Draft, Targets, describe_nodes, kernel_name, note_of, warps_for
from .pointwise import block_size, write_elements
from .region import Region
from .spaces import Flat
from .writer import Place, pointer_type


@dataclass(frozen=True)
class Likeness:
    """What two regions must have in common to share a launch."""

    lines: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


def likeness(region: Region, places: Mapping[Value, Place], targets: Targets) -> Likeness:
    writer = write_elements(region, places, targets, "inside")
    parameters = tuple((parameter.name, parameter.dtype) for parameter in writer.parameters.values())
    return Likeness(tuple(writer.scopes[0].lines), parameters)


def draft_table(regions: Sequence[Region], places: Sequence[Mapping[Value, Place]], targets: Targets, name: str) -> Draft:
    """The kernel of regions that are alike; `name` makes the names of its buffers unique."""
    whole, part = (write_elements(regions[0], places[0], targets, mask) for mask in ("", "inside"))
    writers = [write_elements(region, place, targets, "inside") for region, place in zip(regions, places, strict=True)]
    columns = [[parameter.buffer for parameter in writer.parameters.values()] for writer in writers]
    parameters = list(part.parameters.values())
    shared = [number for number in range(len(parameters)) if len({row[number] for row in columns}) == 1]
    own = [number for number in range(len(parameters)) if number not in shared]
    sizes = [region.space.size for region in regions if isinstance(region.space, Flat)]
    block = min(block_size(sum(sizes)), max(block_size(size) for size in sizes))
    plan = _plan(sizes, block)
    tables = {f"{name}/addresses": tuple(row[number] for row in columns for number in own)}
    constants = {f"{name}/{key}": array for key, array in plan.items()}
    for writer in writers:
        constants |= writer.constants
    pointers = [parameters[number].name for number in shared]
    sections = {
        "addresses": [_address(parameters[number].name, parameters[number].dtype, at) for at, number in enumerate(own)],
        "whole": whole.scopes[0].lines,
        "part": part.scopes[0].lines,
    }
    header = [f"{len(regions)} arrays of {', '.join(map(str, sizes))} elements; the first one:", *describe_nodes(regions[0])]
    header += [f"  {parameters[k].name}: {parameters[k].dtype} {parameters[k].buffer}" for k in shared]
    header += [f"  {parameters[k].name}: {parameters[k].dtype} {', '.join(row[k] for row in columns)}" for k in own]
    function = kernel_name("table", regions[0])
    extra = {f"{name}/addresses": ("addresses", "uint64")}
    extra |= {f"{name}/{key}": (key, array.dtype.name) for key, array in plan.items()}
    signature = {parameters[number].name: pointer_type(parameters[number].dtype) for number in shared}
    signature |= {parameter: pointer_type(dtype) for parameter, dtype in extra.values()}
    source = render("table", function, pointers, sections, header)
    kernel = Kernel(
        function,
        source,
        signature,
        {"COLUMNS": len(own), "BLOCK": block},
        warps_for(block),
        1,
        frozenset(signature),
    )
    buffers = (*(parameters[number].buffer for number in shared), *extra)
    note = f"{note_of(regions[0])}, for {len(regions)} arrays in one launch"
    return Draft(kernel, (len(plan["arrays"]), 1, 1), buffers, constants, tables, note)


def _plan(sizes: Sequence[int], block: int) -> dict[str, np.ndarray]:
    """For each program instance its array and where in it its block starts; and the arrays' sizes."""
    starts = [np.arange(0, size, block) for size in sizes]
    arrays = [np.full(len(places), number) for number, places in enumerate(starts)]
    dtype = np.int32 if max(sizes) <= MAX_INT32 - block else np.int64
    return {
        "arrays": np.concatenate(arrays).astype(np.int32),
        "starts": np.concatenate(starts).astype(dtype),
        "sizes": np.asarray(sizes, dtype),
    }


def _address(name: str, dtype: str, column: int) -> str:
    element = {"bool": "int1"}.get(dtype, dtype)
    pointer = f"tl.load(addresses + array * COLUMNS + {column}).to(tl.pointer_type(tl.{element}))"
    return f"{name} = tl.multiple_of({pointer}, 16)"
