"""Kernels of attention and its gradients: the templates flash_attention*, whose operands may be computed on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from ..graph import Node, Value
from ..indexing import flatten_index, variable
from ..ops.attention import HIDDEN
from ..ops.base import Index
from .attention_blocks import AttentionBlocks, attention_choices
from .draft import Draft, Targets, draft_in_tiles, finish, power_of_two
from .product import precision_of
from .region import Region
from .spaces import Sizes, Template, broadcast_index
from .writer import KernelWriter, Place, Scope, static_shape

#: The names of the results in the templates, and along which axes of a tile they lie.
_RESULTS: Mapping[str, Sequence[tuple[str, tuple[str, ...]]]] = {
    "flash_attention": (("y", ("m", "e")), ("logsumexp", ("m",))),
    "flash_attention_query_gradient": (("dq", ("m", "d")),),
    "flash_attention_key_gradient": (("dk", ("n", "d")), ("dv", ("n", "e"))),
}


@dataclass(frozen=True)
class Attention(Template):
    """Queries that look at keys, for `heads` of each batch. Loop variables: ``batch``; ``head`` and ``group`` of queries and of
    keys; ``m`` and ``n`` run over queries and keys, ``d`` and ``e`` over the sizes of a key and of a value. ``m_across`` and
    ``n_across`` are queries and keys along the columns of a tile of scores.
    """

    op: str
    batch: int
    queries: int
    keys: int
    heads: int
    groups: int
    size: int
    value_size: int
    extras: tuple[Sizes, ...]
    has_mask: bool
    causal: bool

    @classmethod
    def of(cls, node: Node) -> Attention:
        query, key, value = map(static_shape, node.inputs[:3])
        last = None if node.op.name == "flash_attention" else -3  # gradient, logsumexp and delta
        extras = node.inputs[3:last]
        return cls(
            op=node.op.name,
            batch=query[0],
            queries=query[1],
            keys=key[1],
            heads=query[2],
            groups=key[2],
            size=query[3],
            value_size=value[3],
            extras=tuple(map(static_shape, extras)),
            has_mask=any(extra.type.dtype == "bool" for extra in extras),
            causal=node.attrs["causal"],
        )

    def _at(self, *names: str) -> Index:
        sizes = {
            "batch": self.batch,
            "head": self.heads,
            "group": self.groups,
            "m": self.queries,
            "m_across": self.queries,
            "n": self.keys,
            "n_across": self.keys,
            "d": self.size,
            "e": self.value_size,
        }
        return tuple(variable(name, sizes[name]) for name in names)

    def operand_indices(self) -> tuple[Index, ...]:
        is_transposed = self.op == "flash_attention_key_gradient"
        scores = ("m_across", "n") if is_transposed else ("m", "n_across")
        indices = [
            self._at("batch", "m", "head", "d"),
            self._at("batch", "n", "group", "d"),
            self._at("batch", "n", "group", "e"),
        ]
        indices += [broadcast_index(self._at("batch", "head", *scores), shape) for shape in self.extras]
        if self.op != "flash_attention":
            rows = self._at("batch", "head", scores[0])
            indices += [self._at("batch", "m", "head", "e"), rows, rows]
        return tuple(indices)

    def result_indices(self) -> tuple[Index, ...]:
        match self.op:
            case "flash_attention":
                return self._at("batch", "m", "head", "e"), self._at("batch", "head", "m")
            case "flash_attention_query_gradient":
                return (self._at("batch", "m", "head", "d"),)
        return self._at("batch", "n", "group", "d"), self._at("batch", "n", "group", "e")

    def __str__(self) -> str:
        heads = f"{self.heads} heads" + (f" that share {self.groups}" if self.groups != self.heads else "")
        causal = ", causal" if self.causal else ""
        return f"attention of {self.batch} x {self.queries} queries to {self.keys} keys, {heads} of {self.size}{causal}"


def draft_attention(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    """The kernel of one of the three ops in ops/flash_attention.py; with `config.autotune` one for every tile."""
    space, dtype = region.space, region.template_node.inputs[0].type.dtype
    assert isinstance(space, Attention)
    bits = 32 if dtype == "float32" else 16
    tiles = attention_choices(space.op, bits, max(space.size, space.value_size), space.queries, space.keys)
    return draft_in_tiles(lambda blocks: _draft(region, space, blocks, places, targets), tiles)


def _draft(region: Region, space: Attention, blocks: AttentionBlocks, places: Mapping[Value, Place], targets: Targets) -> Draft:
    node, dtype = region.template_node, region.template_node.inputs[0].type.dtype
    block_d, block_e = (max(16, power_of_two(size)) for size in (space.size, space.value_size))
    sizes = {"m": (space.queries, blocks.m), "n": (space.keys, blocks.n)}
    masks = {name: f"{name}_inside" if size % block else "" for name, (size, block) in sizes.items()}
    masks |= {f"{name}_across": mask and f"{name}_across_inside" for name, mask in masks.items()}
    masks |= {"d": "d_inside" if space.size < block_d else "", "e": "e_inside" if space.value_size < block_e else ""}
    tiles = _Tiles(KernelWriter(places, {**masks, "batch": "", "head": "", "group": ""}), space, node, dtype)
    is_by_key = space.op == "flash_attention_key_gradient"
    sections = tiles.by_key() if is_by_key else tiles.by_query()
    sections["epilogue"] = tiles.epilogue(region, targets)
    constants: dict[str, Any] = {
        "QUERIES": space.queries,
        "KEYS": space.keys,
        "HEADS": space.heads,
        "SHARED": space.heads // space.groups,
        "SIZE": space.size,
        "VALUE_SIZE": space.value_size,
        "BLOCK_M": blocks.m,
        "BLOCK_N": blocks.n,
        "BLOCK_D": block_d,
        "BLOCK_E": block_e,
        "SCALE": node.attrs["scale"],
        "HIDDEN": HIDDEN if space.op == "flash_attention" else -inf,
        "CAUSAL": space.causal,
        "MASKED": space.has_mask,
        "PARTS": _parts(space),
        "PRECISION": precision_of(dtype),
    }
    if space.op == "flash_attention_query_gradient":
        del constants["MASKED"]
    return finish(space.op, region, tiles.writer, sections, constants, _grid(space, blocks), blocks.warps, blocks.stages)


def _parts(space: Attention) -> int:
    """Into how many loops the template splits the keys or queries."""
    if not space.causal:
        return 1
    return 3 if space.has_mask and space.op == "flash_attention" else 2


def _grid(space: Attention, blocks: AttentionBlocks) -> tuple[int, int, int]:
    if space.op == "flash_attention_key_gradient":
        return space.batch * space.groups * -(-space.keys // blocks.n), 1, 1
    return space.batch * space.heads * -(-space.queries // blocks.m), 1, 1


@dataclass
class _Tiles:
    """Writes the operands' tiles into the sections of a template."""

    writer: KernelWriter
    space: Attention
    node: Node
    dtype: str
    scopes: list[Scope] = field(default_factory=list)

    def by_query(self) -> dict[str, Sequence[str]]:
        """The sections of the kernels whose program instances have queries and loop over keys."""
        is_gradient = self.space.op != "flash_attention"
        self.operand("query", 0, ("m", "d"))
        if is_gradient:
            self.operand("grad", -3, ("m", "e"))
            self.rows("logsumexp", -2, "m")
            self.rows("delta", -1, "m")
        sections: dict[str, Sequence[str]] = {}
        with self.writer.loop("", ["start", "n", "n_across", "n_inside", "n_across_inside"]) as scope:
            self.operand("key", 1, ("n", "d"))
            sections["key"] = _taken(scope)
            sections["scores"] = self.extras(scope)
            sections["inside"] = self.inside("n_across")
            self.operand("value", 2, ("n", "e"))
            sections["value"] = _taken(scope)
        sections["query"] = _taken(self.writer.scopes[0])
        return sections

    def by_key(self) -> dict[str, Sequence[str]]:
        """The sections of the kernel whose program instances have keys and loop over queries."""
        self.operand("key", 1, ("n", "d"))
        self.operand("value", 2, ("n", "e"))
        sections: dict[str, Sequence[str]] = {}
        with self.writer.loop("", ["head", "start", "m", "m_inside"]) as scope:
            batch, head, _ = self.space.operand_indices()[-1]
            rows = (batch, head, variable("m", self.space.queries))
            blind = self.writer.element(self.node.inputs[-2], rows)
            sections["earlier"] = [*_taken(scope), f'blind = {blind} == float("inf")']
            self.operand("grad", -3, ("m", "e"))
            sections["unseeing"] = _taken(scope)
        with self.writer.loop("", ["head", "start", "m", "m_across", "m_inside", "m_across_inside"]) as scope:
            self.operand("query", 0, ("m", "d"))
            sections["query"] = _taken(scope)
            sections["scores"] = self.extras(scope)
            self.rows("logsumexp", -2, "m_across")
            self.rows("delta", -1, "m_across")
            sections["inside"] = [*self.inside("m_across"), *_taken(scope)]
            self.operand("grad", -3, ("m", "e"))
            sections["grad"] = _taken(scope)
        sections["key"] = _taken(self.writer.scopes[0])
        return sections

    def operand(self, name: str, number: int, axes: tuple[str, str]) -> None:
        """A tile for `tl.dot`: of the operands' dtype, full along both axes, 0 beyond their ends."""
        x = self.writer.element(self.node.inputs[number], self.space.operand_indices()[number])
        for axis in axes:
            if self.writer.masks[axis] and not self.writer.is_zero_beyond(x, axis):
                x = self.writer.let(f"tl.where({self.writer.masks[axis]}, {x}, 0)", name)
        text = f"{x}.to(tl.{self.dtype})" if self.dtype != "float32" else x
        if not set(axes) <= self.writer.depends(x):
            text = f"tl.broadcast_to({text}, [BLOCK_{axes[0].upper()}, BLOCK_{axes[1].upper()}])"
        self.writer.emit(f"{name} = {text}")

    def rows(self, name: str, number: int, axis: str) -> None:
        """One number for each query."""
        x = self.writer.element(self.node.inputs[number], self.space.operand_indices()[number])
        self.writer.emit(f"{name} = {x}")

    def extras(self, scope: Scope) -> list[str]:
        """Lines that add the bias to the scores and hide keys by the mask."""
        last = 3 + len(self.space.extras)
        pairs = zip(self.node.inputs[3:last], self.space.operand_indices()[3:last], strict=True)
        for value, index in pairs:
            x = self.writer.element(value, index)
            if value.type.dtype == "bool":
                self.writer.emit(f"scores = tl.where({x}, scores, HIDDEN)")
            else:
                self.writer.emit(f"scores += {x} * LOG2_E")
        return _taken(scope)

    def inside(self, axis: str) -> list[str]:
        mask = self.writer.masks[axis]
        return [f'scores = tl.where({mask}, scores, float("-inf"))'] if mask else []

    def epilogue(self, region: Region, targets: Targets) -> list[str]:
        for value, (name, axes) in zip(self.node.outputs, _RESULTS[self.space.op], strict=True):
            index = self.space.result_indices()[value.index]
            for target in targets[value] if value in region.stores else ():
                position = flatten_index(index, static_shape(value))
                self.writer.emit(self.writer.store(target, position, name, axes))
        return _taken(self.writer.scopes[0])


def _taken(scope: Scope) -> list[str]:
    """The lines written so far, which are taken out of the scope."""
    lines = [line for line in scope.lines if line]
    scope.lines.clear()
    return lines
