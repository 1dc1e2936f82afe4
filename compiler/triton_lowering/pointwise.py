"""Kernels of regions that compute every element by itself."""

from __future__ import annotations

from collections.abc import Mapping

from ..graph import Value
from ..indexing import flatten_index
from .draft import Draft, Targets, finish, power_of_two, warps_for
from .region import Region
from .spaces import Flat
from .writer import KernelWriter, Place, static_shape


def draft_pointwise(region: Region, places: Mapping[Value, Place], targets: Targets, barrier: bool = False) -> Draft:
    """The kernel of a region over consecutive elements.

    `barrier`: all loads of a program instance come before its first store; needed where it overwrites what it reads.
    """
    assert isinstance(region.space, Flat)
    size = region.space.size
    block = block_size(size)
    writer = write_elements(region, places, targets, "inside" if size % block else "", barrier)
    constants = {"SIZE": size, "BLOCK": block}
    grid = (-(-size // block), 1, 1)
    return finish("pointwise", region, writer, {"body": writer.scopes[0].lines}, constants, grid, warps_for(block))


def write_elements(
    region: Region, places: Mapping[Value, Place], targets: Targets, mask: str, barrier: bool = False
) -> KernelWriter:
    """The lines that compute and store the elements at ``i``."""
    writer = KernelWriter(places, {"i": mask})
    stores = []
    for value in region.stores:
        shape = static_shape(value)
        index = region.space.index(shape)
        assert index is not None
        name = writer.element(value, index)
        variables = ["i"] if value.type.size != 1 else []
        for target in targets[value]:
            stores.append(writer.store(target, flatten_index(index, shape), name, variables))
    for line in [*(["tl.debug_barrier()"] if barrier else []), *stores]:
        writer.emit(line)
    return writer


def block_size(size: int) -> int:
    """Elements of one program instance: about 256 instances, each of 1024 to 4096 elements."""
    return min(power_of_two(size), max(1024, min(4096, power_of_two(-(-size // 256)))))
