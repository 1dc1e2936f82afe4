"""`plot_model`: a picture of a model's layers. SVG and DOT need no other program; other formats are made by Graphviz."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from graphkeras.compiler.types import shape_text

_LINE, _LETTER, _GAP_ACROSS, _GAP_DOWN, _MARGIN = 18, 7.5, 30, 36, 12


@dataclass(frozen=True)
class ModelGraph:
    """The boxes of a picture and the arrows between them."""

    name: str
    boxes: list[list[str]]  # the lines of text of each
    arrows: list[tuple[int, int]]  # the numbers of two boxes, in the order of the computation
    rankdir: str = "TB"
    dpi: int = 200
    splines: str = "ortho"

    def to_string(self) -> str:
        """The graph in Graphviz's language."""
        boxes = [f"  {k} [label={_quoted(chr(10).join(lines))}];" for k, lines in enumerate(self.boxes)]
        arrows = [f"  {start} -> {end};" for start, end in self.arrows]
        head = [
            f"digraph {_quoted(self.name)} {{",
            f"  graph [rankdir={self.rankdir}, dpi={self.dpi}, splines={self.splines}];",
            "  node [shape=box];",
        ]
        return "\n".join([*head, *boxes, *arrows, "}"]) + "\n"

    def to_svg(self) -> str:
        """The picture: every box one row below (in "LR": one column right of) the last of those it depends on."""
        across = self.rankdir in ("LR", "RL")
        sizes = [(max(map(len, lines)) * _LETTER + 20, len(lines) * _LINE + 12.0) for lines in self.boxes]
        rows = self._rows()
        depth, breadth = (0, 1) if across else (1, 0)  # which of (width, height) goes along the arrows
        lengths = [sum(sizes[k][breadth] + _GAP_ACROSS for k in row) - _GAP_ACROSS for row in rows]
        centers: dict[int, tuple[float, float]] = {}
        down = float(_MARGIN)
        for row, length in zip(rows, lengths):
            thick = max(sizes[k][depth] for k in row)
            along = _MARGIN + (max(lengths) - length) / 2
            for k in row:
                place = (along + sizes[k][breadth] / 2, down + thick / 2)
                centers[k] = (place[1], place[0]) if across else place
                along += sizes[k][breadth] + _GAP_ACROSS
            down += thick + _GAP_DOWN
        total = (max(lengths) + 2 * _MARGIN, down - _GAP_DOWN + _MARGIN)
        width, height = (total[1], total[0]) if across else total
        if self.rankdir == "BT":
            centers = {k: (x, height - y) for k, (x, y) in centers.items()}
        if self.rankdir == "RL":
            centers = {k: (width - x, y) for k, (x, y) in centers.items()}
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" font-family="monospace" '
            'font-size="12">',
            '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
            '<path d="M0 0L8 4L0 8z"/></marker></defs><rect width="100%" height="100%" fill="white"/>',
        ]
        sign = -1 if self.rankdir in ("BT", "RL") else 1
        for start, end in self.arrows:
            points = []
            for k, side in ((start, sign), (end, -sign)):
                x, y = centers[k]
                points += [x + side * sizes[k][0] / 2, y] if across else [x, y + side * sizes[k][1] / 2]
            x1, y1, x2, y2 = points
            parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="black" fill="none" marker-end="url(#tip)"/>')
        for k, lines in enumerate(self.boxes):
            (x, y), (w, h) = centers[k], sizes[k]
            parts.append(f'<rect x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w:g}" height="{h:g}" fill="#eef" stroke="black"/>')
            for j, line in enumerate(lines):
                baseline = y - h / 2 + _LINE * (j + 1)
                parts.append(f'<text x="{x:g}" y="{baseline:g}" text-anchor="middle">{escape(line)}</text>')
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _rows(self) -> list[list[int]]:
        """The boxes by the longest way to them."""
        depth = [0] * len(self.boxes)
        for _ in self.boxes:  # arrows are in the order of the computation, except around layers that are used twice
            former = list(depth)
            for start, end in self.arrows:
                depth[end] = max(depth[end], depth[start] + 1)
            if depth == former or max(depth) >= len(self.boxes):
                break
        found = sorted(set(depth))
        return [[k for k in range(len(depth)) if depth[k] == level] for level in found]


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> ModelGraph:
    """The graph of a model's layers; its `to_string` is DOT and its `to_svg` a picture.

    Args:
        model: a built model. One without a graph of layers is one box.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what the boxes say.
        rankdir: where the arrows go: "TB" down, "LR" to the right, "BT" or "RL".
        expand_nested, subgraph: not supported, nested models are one box.
        dpi, splines: for formats that Graphviz makes.

    Raises:
        ValueError: for a model that is not built, another `rankdir`, or `expand_nested`.
    """
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"rankdir is 'TB', 'LR', 'BT' or 'RL', got {rankdir!r}.")
    if expand_nested or subgraph:
        raise ValueError("A nested model is drawn as one box; plot it on its own instead of expand_nested or subgraph.")
    if not model.built:
        raise ValueError(f"{model.name!r} has no layers to draw yet: call it on data, or build(input_shape), first.")
    program = model._program
    operations = [model] if program is None else list(program.operations)

    def text(operation: Any) -> list[str]:
        kind = type(operation).__name__
        activation = getattr(getattr(operation, "activation", None), "__name__", None)
        if show_layer_activations and activation:
            kind += f" ({activation})"
        lines = [f"{operation.name}: {kind}" if show_layer_names else kind]
        outputs = program.calls_of(operation)[0].outputs if program is not None and program.calls_of(operation) else []
        if show_shapes and outputs:
            lines.append("shape: " + ", ".join(shape_text(tensor.shape) for tensor in outputs))
        if show_dtype and outputs:
            lines.append("dtype: " + ", ".join(str(tensor.dtype) for tensor in outputs))
        if show_trainable and getattr(operation, "weights", None):
            lines.append("trainable" if operation.trainable else "not trainable")
        return lines

    numbers = {id(operation): k for k, operation in enumerate(operations)}
    arrows: dict[tuple[int, int], None] = {}
    for call in () if program is None else program.calls:
        for tensor in call.inputs:
            arrows[numbers[id(program.call_of(tensor).operation)], numbers[id(call.operation)]] = None
    return ModelGraph(model.name, [text(operation) for operation in operations], list(arrows), rankdir, dpi, splines)


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> None:
    """Draw a model's layers to a file; ``.svg`` and ``.dot`` need nothing else. The arguments are those of `model_to_dot`.

    Raises:
        ImportError: for another format, such as ``.png``, if Graphviz is not installed.
    """
    path = Path(to_file)
    shown = (show_shapes, show_dtype, show_layer_names)
    graph = model_to_dot(model, *shown, rankdir, expand_nested, dpi, False, show_layer_activations, show_trainable, splines)
    if path.suffix == ".svg":
        path.write_text(graph.to_svg(), "utf-8")
    elif path.suffix == ".dot":
        path.write_text(graph.to_string(), "utf-8")
    else:
        program = shutil.which("dot")
        if program is None:
            raise ImportError(
                f"plot_model: a {path.suffix or 'picture'} file is made by Graphviz's program 'dot', which is not installed. "
                f"Name a .svg file, which needs no program: plot_model(model, {path.with_suffix('.svg').name!r})."
            )
        kind = path.suffix[1:] or "png"
        subprocess.run([program, f"-T{kind}", "-o", os.fspath(path)], input=graph.to_string().encode(), check=True)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
