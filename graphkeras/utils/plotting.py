"""`plot_model`: a picture of a model's layers. SVG and DOT need nothing else, PNG needs Pillow; other formats Graphviz."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphkeras.compiler.types import shape_text

from ..saving.files import replacing
from .diagram import Box, Diagram


@dataclass(frozen=True)
class Shown:
    """What the boxes say of a layer, and which layers are boxes."""

    shapes: bool = False
    dtype: bool = False
    names: bool = True
    activations: bool = False
    trainable: bool = False
    nested: bool = False


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
) -> Diagram:
    """The graph of a model's layers; its `to_string` is DOT, its `to_svg` and `to_png` are pictures.

    Args:
        model: a built model. One without a graph of layers is one box.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what the boxes say.
        rankdir: where the arrows go: "TB" down, "LR" to the right, "BT" or "RL".
        expand_nested: whether a model inside is a frame around its layers, in place of one box.
        subgraph: not used: whoever asks for a part of a larger graph gets it whole.
        dpi: dots per inch of a PNG.
        splines: how Graphviz draws arrows.

    Raises:
        ValueError: for a model that is not built, or another `rankdir`.
    """
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"rankdir is 'TB', 'LR', 'BT' or 'RL', got {rankdir!r}.")
    if not model.built:
        raise ValueError(f"{model.name!r} has no layers to draw yet: call it on data, or build(input_shape), first.")
    shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    return _diagram(model, shown, {"rankdir": rankdir, "dpi": dpi, "splines": splines})


def _diagram(model: Any, shown: Shown, options: dict[str, Any]) -> Diagram:
    program = model._program
    if program is None:
        return Diagram(model.name, [Box(_text(model, (), shown))], [], **options)
    operations = list(program.operations)
    boxes = []
    for operation in operations:
        calls = program.calls_of(operation)
        outputs = calls[0].outputs if calls else ()
        is_frame = shown.nested and getattr(operation, "_program", None) is not None
        boxes.append(Box(_text(operation, outputs, shown), _diagram(operation, shown, options) if is_frame else None))
    numbers = {id(operation): number for number, operation in enumerate(operations)}
    arrows = {
        (numbers[id(program.call_of(tensor).operation)], numbers[id(call.operation)]): None
        for call in program.calls
        for tensor in call.inputs
    }
    return Diagram(model.name, boxes, list(arrows), **options)


def _text(operation: Any, outputs: Any, shown: Shown) -> tuple[str, ...]:
    """The lines of a box."""
    kind = getattr(operation, "function_name", type(operation).__name__)
    activation = getattr(getattr(operation, "activation", None), "__name__", None)
    if shown.activations and activation:
        kind += f" ({activation})"
    lines = [f"{operation.name}: {kind}" if shown.names else kind]
    if shown.shapes and outputs:
        lines.append("shape: " + ", ".join(shape_text(tensor.shape) for tensor in outputs))
    if shown.dtype and outputs:
        lines.append("dtype: " + ", ".join(str(tensor.dtype) for tensor in outputs))
    if shown.trainable and getattr(operation, "weights", None):
        lines.append("trainable" if operation.trainable else "not trainable")
    return tuple(lines)


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
    """Draw a model's layers to a ``.png``, ``.svg`` or ``.dot`` file. The other arguments are those of `model_to_dot`.

    Raises:
        ImportError: for ``.png`` without Pillow; for another format, such as ``.pdf``, if Graphviz is not installed.
    """
    path = Path(to_file)
    shown = (show_shapes, show_dtype, show_layer_names)
    graph = model_to_dot(model, *shown, rankdir, expand_nested, dpi, False, show_layer_activations, show_trainable, splines)
    match path.suffix:
        case ".svg":
            content = graph.to_svg().encode()
        case ".dot":
            content = graph.to_string().encode()
        case ".png":
            content = graph.to_png()
        case _:
            content = _by_graphviz(graph, path)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _by_graphviz(graph: Diagram, path: Path) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise ImportError(
            f"plot_model: a {path.suffix or 'picture'} file is made by Graphviz's program 'dot', which is not installed. "
            f"Name a .png or .svg file, which needs no program: plot_model(model, {path.with_suffix('.png').name!r})."
        )
    text = graph.to_string().encode()
    return subprocess.run([program, f"-T{path.suffix[1:] or 'png'}"], input=text, check=True, capture_output=True).stdout
