"""Kernels of regions with a matrix product: its operands may be computed on the way, and what follows works on its tile."""

from __future__ import annotations

from collections.abc import Mapping

from .. import config
from ..graph import Node, Value
from ..indexing import flatten_index, variable
from ..ops.base import Index
from .draft import Draft, Targets, draft_in_tiles, finish
from .matmul_blocks import Blocks, matmul_choices
from .region import Region, is_reduction
from .spaces import Product
from .writer import KernelWriter, Place, static_shape


def draft_product(region: Region, places: Mapping[Value, Place], targets: Targets, barrier: bool = False) -> Draft:
    """The kernel of a region with one matrix product; with `config.autotune` one for every tile that it may have."""
    product = region.space
    assert isinstance(product, Product)
    (node,) = region.nodes("matmul")
    dtype = node.inputs[0].type.dtype
    tiles = matmul_choices(product, dtype, precision_of(dtype), _is_plain(region, product))
    return draft_in_tiles(lambda blocks: _draft(region, node, blocks, places, targets, barrier), tiles)


def _draft(region: Region, node: Node, blocks: Blocks, places: Mapping[Value, Place], targets: Targets, barrier: bool) -> Draft:
    product, dtype = region.space, node.inputs[0].type.dtype
    assert isinstance(product, Product)
    precision = precision_of(dtype)
    inside_k = "_inside" if product.k % blocks.k else ""
    masks = {
        "batch": "",
        "m": "m_inside" if product.m % blocks.m else "",
        "n": "n_inside" if product.n % blocks.n else "",
        "ka": inside_k and "ka_inside",
        "kb": inside_k and "kb_inside",
    }
    writer = KernelWriter(places, masks)
    with writer.loop("", ["start", "ka", "kb", "ka_inside", "kb_inside"]) as scope:
        for name, value, index in zip("ab", node.inputs, product.operand_indices(), strict=True):
            writer.emit(f"{name} = {_operand(writer, name, value, index, dtype)}")
        if region.reductions:
            writer.emit(f"columns += {'b' if dtype == 'float32' else 'b.to(tl.float32)'}")
    lines = writer.scopes[0].lines
    before = lines[: len(lines) - len(scope.lines) - 1]
    lines.clear()
    if region.reductions:
        before.append("columns = tl.zeros([BLOCK_K, BLOCK_N], tl.float32)")
        lines.append("column = tl.sum(columns, axis=0, keep_dims=True)")
        writer.set_depends("column", frozenset({"n"}))
    writer.set_depends("product", frozenset({"batch", "m", "n"}))
    writer.give(node.outputs[0], product.position, "product")
    for reduction in region.reductions:
        writer.give(reduction.outputs[0], variable("n", product.n), "column")
    _store(region, writer, targets, barrier)
    sections = {"before": before, "operands": scope.lines, "epilogue": lines}
    constants: dict[str, int | str] = {"M": product.m, "N": product.n, "K": product.k}
    constants |= {"BLOCK_M": blocks.m, "BLOCK_N": blocks.n, "BLOCK_K": blocks.k, "GROUP": 8, "PRECISION": precision}
    grid = (product.batch * -(-product.m // blocks.m) * -(-product.n // blocks.n), 1, 1)
    return finish("matmul", region, writer, sections, constants, grid, blocks.num_warps, blocks.num_stages)


def precision_of(dtype: str) -> str:
    """How `tl.dot` multiplies factors of `dtype`; of 16 bits it knows one way only."""
    return config.current().float32_matmul_precision if dtype == "float32" else "ieee"


def _is_plain(region: Region, product: Product) -> bool:
    """True if the product itself, or a view of it, is all that the region computes of the result's size."""
    whole = product.batch * product.m * product.n
    values = [value for value in region.demands if value.type.size == whole]
    steps = [value.node.op.flops_per_element for value in values if region.computes(value) and value.node is not None]
    return len(region.stores) == 1 and all(map(region.computes, values)) and not any(steps)


def _operand(writer: KernelWriter, name: str, value: Value, index: Index, dtype: str) -> str:
    """A tile of an operand: full in both axes, 0 beyond the end of k."""
    k, tile, axes = ("ka", "[BLOCK_M, BLOCK_K]", {"m", "ka"}) if name == "a" else ("kb", "[BLOCK_K, BLOCK_N]", {"kb", "n"})
    x = writer.element(value, index)
    if writer.masks[k] and not writer.is_zero_beyond(x, k):
        x = writer.let(f"tl.where({writer.masks[k]}, {x}, 0)", name)
    if dtype in ("float16", "bfloat16"):
        x = writer.let(f"{x}.to(tl.{dtype})", name)
    return x if axes <= writer.depends(x) else f"tl.broadcast_to({x}, {tile})"


def _store(region: Region, writer: KernelWriter, targets: Targets, barrier: bool) -> None:
    """Sums of columns are the same in all program instances of a column of tiles: the first one writes them."""
    stores = []
    for value in region.stores:
        index = region.index_of(value)
        assert index is not None
        is_column = value.node is not None and is_reduction(value.node)
        position = flatten_index(index, static_shape(value))
        name = writer.element(value, index)
        for target in targets[value]:
            place = (target, position, name)
            stores.append(writer.store(*place, ["n"], "(row == 0)") if is_column else writer.store(*place, ["m", "n"]))
    for line in [*(["tl.debug_barrier()"] if barrier else []), *stores]:
        writer.emit(line)
