"""The table that `Model.summary` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphkeras.compiler.types import shape_text

from ..layers.layer import Layer
from ..variable import Variable

WIDTH = 80
WIDTH_WITH_CONNECTIONS = 100


def print_summary(
    model: Any,
    line_length: int | None = None,
    print_fn: Callable[[str], None] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the summary of a model; in colour where the terminal has it, as plain text for `print_fn`."""
    if print_fn is None:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, line_length or WIDTH_WITH_CONNECTIONS)
        _print(console, model, line_length, expand_nested, show_trainable, layer_range)
        return
    buffer = StringIO()
    console = Console(file=buffer, width=max(line_length or 0, 200), highlight=False, color_system=None, force_terminal=False)
    _print(console, model, line_length, expand_nested, show_trainable, layer_range)
    print_fn(buffer.getvalue())


def _print(
    console: Console, model: Any, line_length: int | None, expand_nested: bool, show_trainable: bool, layer_range: Any
) -> None:
    connected = model._program is not None and not _is_chain(model)
    table = Table(show_lines=True, width=line_length or (WIDTH_WITH_CONNECTIONS if connected else WIDTH))
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output Shape", overflow="fold")
    table.add_column("Param #", justify="right", overflow="fold")
    if connected:
        table.add_column("Connected to", overflow="fold")
    if show_trainable:
        table.add_column("Trainable", justify="center")
    for row in _rows(model, connected, expand_nested, show_trainable, layer_range, 0):
        table.add_row(*row)
    console.print(f'[bold]Model: "{escape(model.name)}"[/bold]')
    console.print(table)
    weights = model.weights
    trainable = list(model.trainable_weights)
    ids = {id(v) for v in trainable}
    frozen = [v for v in weights if id(v) not in ids]
    optimizer = getattr(model, "optimizer", None)
    slots = list(optimizer.variables) if optimizer is not None and optimizer.built else []
    _total(console, "Total params", [*weights, *slots])
    _total(console, "Trainable params", trainable)
    _total(console, "Non-trainable params", frozen)
    if slots:
        _total(console, "Optimizer params", slots)


def _total(console: Console, label: str, variables: Iterable[Variable]) -> None:
    variables = list(variables)
    count = sum(v.size for v in variables)
    console.print(f"[bold] {label}: [/bold]{count:,} ({memory_text(sum(v.nbytes for v in variables))})")


def memory_text(size: float) -> str:
    """A number of bytes with a unit: ``34.77 KB``."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.2f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def _rows(
    model: Any, connected: bool, expand_nested: bool, show_trainable: bool, layer_range: Any, depth: int
) -> Iterable[list[str]]:
    layers = model.layers
    if layer_range is not None:
        names = [layer.name for layer in layers]
        for name in layer_range:
            if name not in names:
                raise ValueError(f"summary: layer_range names {name!r}; the layers are {', '.join(names)}.")
        layers = layers[names.index(layer_range[0]) : names.index(layer_range[1]) + 1]
    for layer in layers:
        indent = "    " * depth
        row = [
            f"{indent}{escape(layer.name)} ({type(layer).__name__})",
            _output_shape(layer, model),
            f"{layer.count_params():,}" if layer.built else "0 (unbuilt)",
        ]
        if connected:
            row.append("" if depth else _connections(layer, model))
        if show_trainable:
            row.append("-" if not layer.weights else "Y" if layer.trainable else "N")
        yield row
        if expand_nested and hasattr(layer, "layers"):
            yield from _rows(layer, connected, expand_nested, show_trainable, None, depth + 1)


def _output_shape(layer: Layer, model: Any) -> str:
    calls: Any = layer._calls if model._program is None else model._program.calls_of(layer) or layer._calls
    if not calls:
        return "?"
    shapes = [shape_text(tensor.shape) for tensor in calls[0].outputs]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _connections(layer: Layer, model: Any) -> str:
    names = []
    for call in model._program.calls_of(layer):
        for tensor in call.inputs:
            name, index, position = model._program.reference(tensor)
            names.append(f"{name}[{index}][{position}]")
    return escape(", ".join(names)) or "-"


def _is_chain(model: Any) -> bool:
    """Whether every layer is called once, on the result of the one before."""
    program = model._program
    if len(program.flat_inputs) > 1 or any(len(program.calls_of(op)) > 1 for op in program.operations):
        return False
    used = [id(tensor) for call in program.calls for tensor in call.inputs]
    return len(used) == len(set(used)) and all(len(call.inputs) <= 1 for call in program.calls)
