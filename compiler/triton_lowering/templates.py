"""Ops with a template of their own in kernels/templates: what their kernels iterate over, and who writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..graph import Node, Value
from .attention import Attention, draft_attention
from .draft import Draft, Targets
from .region import Region
from .row_scan import RowScan, draft_row_scan
from .row_sort import RowSort, draft_row_sort
from .spaces import Template
from .writer import Place


@dataclass(frozen=True)
class TemplateKernel:
    """How one op is lowered: its space, and the kernel of a region in that space."""

    space: Callable[[Node], Template]
    draft: Callable[[Region, Mapping[Value, Place], Targets], Draft]


_FLASH = TemplateKernel(Attention.of, draft_attention)
_SCAN = TemplateKernel(RowScan.of, draft_row_scan)
TEMPLATES: Mapping[str, TemplateKernel] = {
    "cumprod": _SCAN,
    "cumsum": _SCAN,
    "flash_attention": _FLASH,
    "flash_attention_query_gradient": _FLASH,
    "flash_attention_key_gradient": _FLASH,
    "top_k": TemplateKernel(RowSort.of, draft_row_sort),
}


def is_template(node: Node) -> bool:
    return node.op.name in TEMPLATES


def space_of(node: Node) -> Template:
    return TEMPLATES[node.op.name].space(node)


def draft_template(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    return TEMPLATES[region.template_node.op.name].draft(region, places, targets)
