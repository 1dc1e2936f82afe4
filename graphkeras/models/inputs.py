"""What a model is called with, brought into the form of its inputs: number, ranks, sizes, dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.provenance import user_source
from graphkeras.compiler.types import STRING, TensorType, shape_text

from .. import ops, tree
from ..host import are_strings, with_last_axis, without_last_axis
from ..layers.input_layer import InputLayer
from ..layers.input_spec import title
from ..tensor import KerasTensor
from ..trace import current_trace


def matched_inputs(given: Any, structure: Any, layers: Sequence[InputLayer], model: Any) -> list[Any]:
    """The given tensors, one for each input of the model, in its dtype.

    A dict is matched by the names of the inputs. A last axis of size 1 may be missing or added, as in Keras.

    Raises:
        ValueError: for a wrong number of inputs, missing names or a shape that does not fit; names the input and its line.
    """
    names = [layer.name for layer in layers]
    if isinstance(given, dict):
        keys = tree.sorted_keys(structure) if isinstance(structure, dict) and not set(names) <= set(given) else names
        missing = [key for key in keys if key not in given]
        if missing:
            raise ValueError(
                f"{title(model)} has no data for its input {missing[0]!r}: it takes {', '.join(map(str, keys))}, "
                f"got {', '.join(map(str, given))}.\n  at {user_source()}"
            )
        flat = [given[key] for key in keys]
    else:
        flat = tree.flatten(given)
    if len(flat) != len(layers):
        raise ValueError(
            f"{title(model)} takes {len(layers)} input{'s' if len(layers) > 1 else ''} ({', '.join(names)}), got {len(flat)}."
            f"\n  at {user_source()}"
        )
    return [_matched(x, layer, model) for x, layer in zip(flat, layers)]


def _matched(x: Any, layer: InputLayer, model: Any) -> Any:
    if x is None and layer.optional:
        return None
    shape, wanted = ops.shape(x), layer.batch_shape
    if (layer.dtype == STRING) != are_strings(x):
        raise TypeError(
            f"{title(model)}: the input {layer.name!r} takes {layer.dtype}{'s' if layer.dtype == STRING else ''}, got data of "
            f"dtype {getattr(x, 'dtype', type(x).__name__)}. It was defined at {layer._layer_state.source}."
            f"\n  at {user_source()}"
        )
    if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
        x = _of_strings(with_last_axis, x, (*shape, 1), model) if layer.dtype == STRING else ops.expand_dims(x, -1)
    elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
        x = _of_strings(without_last_axis, x, shape[:-1], model) if layer.dtype == STRING else ops.squeeze(x, -1)
    shape = ops.shape(x)
    fits = len(shape) == len(wanted) and all(
        size is None or isinstance(dim, Dim) or dim == size for dim, size in zip(shape, wanted)
    )
    if not fits:
        raise ValueError(
            f"{title(model)}: the input {layer.name!r} must have shape {shape_text(wanted)}, got {shape_text(shape)}. "  # type: ignore[arg-type]
            f"It was defined at {layer._layer_state.source}.\n  at {user_source()}"
        )
    return x if layer.dtype == STRING or ops.dtype(x) == layer.dtype else ops.cast(x, layer.dtype)


def _of_strings(function: Any, x: Any, shape: tuple[Any, ...], model: Any) -> Any:
    """Strings in another shape."""
    trace = current_trace()
    if not isinstance(x, KerasTensor) or trace is None:
        return function(x)
    return trace.host_call(function, [x.value], TensorType(shape, STRING), model)
