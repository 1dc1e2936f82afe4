"""Ops with a template of their own in kernels/templates: what their kernels iterate over, and who writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..graph import Node, Value
from .attention import Attention, draft_attention
from .draft import Draft, Targets
from .region import Region
from .spaces import Template
from .writer import Place


@dataclass(frozen=True)
class TemplateKernel:
    """How one op is lowered: its space, and the kernel of a region in that space."""

    space: Callable[[Node], Template]
    draft: Callable[[Region, Mapping[Value, Place], Targets], Draft]


_FLASH = TemplateKernel(Attention.of, draft_attention)
TEMPLATES: Mapping[str, TemplateKernel] = {
    "flash_attention": _FLASH,
    "flash_attention_query_gradient": _FLASH,
    "flash_attention_key_gradient": _FLASH,
}


def is_template(node: Node) -> bool:
    return node.op.name in TEMPLATES


def space_of(node: Node) -> Template:
    return TEMPLATES[node.op.name].space(node)


def draft_template(region: Region, places: Mapping[Value, Place], targets: Targets) -> Draft:
    return TEMPLATES[region.template_node.op.name].draft(region, places, targets)
