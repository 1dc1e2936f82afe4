"""The table of layers: what each costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import onnx

from graphkeras.compiler.dims import Dim, DimLike, parse_dim
from graphkeras.compiler.figures import result_bytes
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.types import TensorType, shape_text
from graphkeras.models import Model


@dataclass
class Row:
    """One layer, or another part of the program such as the loss or the optimizer.

    Attributes:
        path: its scope in the graph.
        kind: its class, where a model knows it.
        output: the type of its last result.
        parameters: elements of its variables.
        flops: floating-point operations, forward.
        gradient_flops: the same of its gradients.
        bytes: memory of all its results, if none were fused or reused.
    """

    path: str
    kind: str = ""
    output: TensorType | None = None
    nodes: int = 0
    parameters: DimLike = 0
    flops: DimLike = 0
    gradient_flops: DimLike = 0
    bytes: DimLike = 0


@dataclass(frozen=True)
class Costs:
    """All rows, and their sums."""

    rows: tuple[Row, ...]
    total: Row = field(default_factory=lambda: Row("total"))


def costs_of(graph: Graph, model: Model | None) -> Costs:
    """What the layers of `graph` cost, in the order of the model's layers, other parts after them."""
    layers = _layers_of(model)
    rows = {path: Row(path, kind) for path, kind in layers.items()}

    def row(scope: str) -> Row:
        inside = [path for path in layers if scope == path or scope.startswith(f"{path}/")]
        path = max(inside, key=len) if inside else scope
        return rows.setdefault(path, Row(path))

    named: set[str] = set()
    for node in graph.nodes:
        if node.op.name == "constant":
            continue
        part, flops = row(node.origin.scope), node.op.flops(node)
        part.nodes += 1
        part.bytes = part.bytes + result_bytes(node)
        if node.origin.forward:
            part.gradient_flops = part.gradient_flops + flops
        else:
            part.flops = part.flops + flops
            is_result = node.outputs[-1].name == part.path.rpartition("/")[2]  # layers name what they return
            if is_result or part.path not in named:
                part.output = node.outputs[-1].type
            named |= {part.path} if is_result else set()
    owners = _owners_of_variables(model)
    for slot in graph.state:
        part = row(owners.get(slot.name, slot.name.rpartition("/")[0]))
        part.parameters = part.parameters + slot.input.type.size
    return Costs(tuple(rows.values()), _total(list(rows.values())))


def _layers_of(model: Model | None) -> dict[str, str]:
    """Scope to class name for a model's layers."""
    if model is None:
        return {}
    return {f"{model.name}/{layer.path.removeprefix(f'{model.name}/')}": type(layer).__name__ for layer in model.layers}


def _owners_of_variables(model: Model | None) -> dict[str, str]:
    """Path of a variable to the scope of the layer in `model.layers` that it belongs to, perhaps inside a nested model."""
    if model is None:
        return {}
    scopes = zip(_layers_of(model), model.layers)
    return {variable.path: scope for scope, layer in scopes for variable in layer.weights}


def _total(rows: list[Row]) -> Row:
    total = Row("total")
    for row in rows:
        total.nodes += row.nodes
        total.parameters = total.parameters + row.parameters
        total.flops = total.flops + row.flops
        total.gradient_flops = total.gradient_flops + row.gradient_flops
        total.bytes = total.bytes + row.bytes
    return total


def table_of(costs: Costs) -> tuple[list[str], list[list[str]]]:
    """Heading and lines, as text; the last line is the sum. Columns that are all empty are left out."""
    trains = costs.total.gradient_flops != 0
    typed = any(row.kind for row in costs.rows)
    heading = ["part", *(["layer"] if typed else []), "output", "nodes", "parameters", "FLOPs"]
    heading += [*(["gradient FLOPs"] if trains else []), "bytes"]
    lines = []
    for row in (*costs.rows, costs.total):
        output = f"{row.output.dtype}{shape_text(row.output.shape)}" if row.output else ""
        line = [row.path or "(step)", *([row.kind] if typed else []), output]
        line += [amount(row.nodes), amount(row.parameters), amount(row.flops)]
        lines.append([*line, *([amount(row.gradient_flops)] if trains else []), amount(row.bytes)])
    return heading, lines


def amount(number: DimLike) -> str:
    """A number with separators, or an expression in the symbols: ``12,345`` or ``8192*batch + 10``."""
    return str(number) if isinstance(number, Dim) else f"{number:,}"


def as_json(costs: Costs) -> dict[str, Any]:
    """Numbers where they are known, else the expression as text."""

    def plain(row: Row) -> dict[str, Any]:
        counted = {key: getattr(row, key) for key in ("nodes", "parameters", "flops", "gradient_flops", "bytes")}
        shown = {key: str(value) if isinstance(value, Dim) else value for key, value in counted.items()}
        return {"path": row.path, "layer": row.kind, "output": str(row.output) if row.output else None, **shown}

    return {"parts": [plain(row) for row in costs.rows], "total": plain(costs.total)}


def onnx_summary(model: onnx.ModelProto) -> dict[str, Any]:
    """Figures of an ONNX model."""
    counts: dict[str, int] = {}
    flops: list[str] = []
    for node in model.graph.node:
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
        flops += [entry.value for entry in node.metadata_props if entry.key == "flops"]
    sizes = [_elements(tensor.dims) for tensor in model.graph.initializer]
    data = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    return {
        "graph": model.graph.name,
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "nodes": len(model.graph.node),
        "parameters": sum(sizes),
        "bytes": data,
        "flops": _sum_of_texts(flops),
        "ops": dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    }


def _elements(dims: Any) -> int:
    total = 1
    for dim in dims:
        total *= dim
    return total


def _sum_of_texts(texts: list[str]) -> Any:
    total: DimLike = 0
    for text in texts:
        total = total + parse_dim(text)
    return str(total) if isinstance(total, Dim) else total


def bound(sizes: Mapping[str, int]) -> str:
    """``batch = 32`` for headings."""
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
