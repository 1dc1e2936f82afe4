"""`Bidirectional` and `TimeDistributed`: a layer applied in both directions, and to every time step."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..call_arguments import signature_of
from ..input_spec import title
from ..layer import Layer


class Bidirectional(Layer):
    """A recurrent layer that reads sequences forwards, with another one that reads them backwards.

    Args:
        layer: a recurrent layer. The two layers are made from its config.
        merge_mode: what becomes of the two outputs: "concat", "sum", "ave", "mul", or None for both.
        weights: arrays to start from, those of the forward layer first.
        backward_layer: the other layer; made from `layer` by default.

    Raises:
        ValueError: for no layer, another merge mode, or layers whose options do not fit.
    """

    supports_masking = True

    def __init__(
        self, layer: Any, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None, **kwargs: Any
    ) -> None:
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(f"Bidirectional: merge_mode must be 'concat', 'sum', 'ave', 'mul' or None, got {merge_mode!r}.")
        for given in (layer, backward_layer):
            if not (isinstance(given, Layer) or (given is None and layer is not None)):
                raise ValueError(f"Bidirectional: a recurrent layer is needed, got {given!r}.")
        super().__init__(**kwargs)
        self.forward_layer: Any = _copy(layer, "forward_")
        if backward_layer is None:
            self.backward_layer: Any = _copy(layer, "backward_", go_backwards=True)
        else:
            self.backward_layer = backward_layer
        self._check_directions()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self.stateful, self.return_state = layer.stateful, layer.return_state
        self.return_sequences = layer.return_sequences
        self.input_spec = layer.input_spec
        if weights:
            self._layer_state.initial_weights = list(weights)

    def _check_directions(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(f"{title(self)}: both layers have go_backwards={forward.go_backwards}; one must have the other.")
        for name in ("stateful", "return_sequences", "return_state"):
            one, other = getattr(forward, name), getattr(backward, name)
            if one != other:
                raise ValueError(f"{title(self)}: {name} is {one} in the forward layer and {other} in the backward layer.")

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        options = {} if mask is None else {"mask": mask}
        half = 0 if initial_state is None else len(initial_state) // 2
        halves = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        forward = self.forward_layer(sequences, initial_state=halves[0], training=training, **options)
        backward = self.backward_layer(sequences, initial_state=halves[1], training=training, **options)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        if self.merge_mode is None:
            return (forward, backward, *states)
        output = self._merged(forward, backward)
        return (output, *states) if self.return_state else output

    def _merged(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "mul":
            return ops.multiply(forward, backward)
        total = ops.add(forward, backward)
        return total if self.merge_mode == "sum" else ops.divide(total, 2)

    def reset_state(self) -> None:
        """Let the next call start from zeros, if stateful."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self) -> Any:
        if not self.forward_layer.states:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        own = mask if self.return_sequences else None
        masks = [own, own] if self.merge_mode is None else own
        if not self.return_state:
            return masks
        count = 2 * len(self.forward_layer.state_size)
        return [*(masks if isinstance(masks, list) else [masks]), *([None] * count)]

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            shape, states = shape[0], tuple(shape[1:]) * 2
        if self.merge_mode is None:
            return (shape, shape, *states)
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        return (shape, *states) if self.return_state else shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize_keras_object(self.forward_layer),
            "backward_layer": serialize_keras_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return _with_layers(cls, config, custom_objects, "layer", "backward_layer")


class TimeDistributed(Layer):
    """A layer applied to every time step: axis 1 of the inputs. It has one set of weights.

    The time steps become rows of one batch, which is one large product in place of many small ones. A layer for which that
    is not the same, one that keeps statistics of batches in training (`BatchNormalization`) or is stateful, is called once
    for each time step, from the first to the last, as Keras does. Where the number of time steps is not known, statistics are
    those of all time steps at once.

    Args:
        layer: a layer for inputs without the axis of time.

    Raises:
        ValueError: for no layer, inputs with fewer than three axes, or a mask that does not begin with (batch, time).
    """

    supports_masking = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"TimeDistributed: a layer is needed, got {layer!r}.")
        super().__init__(**kwargs)
        self.layer = layer

    def _shape_without_time(self, shape: Any) -> Any:
        if len(shape) < 3:
            raise ValueError(f"{title(self)}: its inputs need axes (batch, time, ...), at least three, got {tuple(shape)}.")
        return (shape[0], *shape[2:])

    def build(self, input_shape: Any) -> None:
        shape = self._shape_without_time(input_shape)
        if not self.layer.built:
            self.layer.build(shape)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        shape = ops.shape(inputs)
        if mask is not None:
            self._check_mask(inputs.shape, mask.shape)
            mask = mask if "mask" in signature_of(self.layer).parameters else None
        if isinstance(shape[1], int) and self._does_order_matter(training):
            steps = [(inputs[:, k], None if mask is None else mask[:, k]) for k in range(shape[1])]
            return ops.stack([self._inner(x, kept, training) for x, kept in steps], axis=1)
        rows = None if mask is None else ops.reshape(mask, (shape[0] * shape[1], *ops.shape(mask)[2:]))
        outputs = self._inner(ops.reshape(inputs, (shape[0] * shape[1], *shape[2:])), rows, training)
        return ops.reshape(outputs, (shape[0], shape[1], *ops.shape(outputs)[1:]))

    def _inner(self, inputs: Any, mask: Any, training: bool | None) -> Any:
        return self.layer(inputs, training=training, **({} if mask is None else {"mask": mask}))

    def _does_order_matter(self, training: bool | None) -> bool:
        """Whether a call of the layer leaves something behind for the next."""
        layers = self.layer._flatten_layers()
        learns = bool(training) and any(layer._non_trainable_variables for layer in layers)
        return learns or any(getattr(layer, "stateful", False) for layer in layers)

    def _check_mask(self, shape: Any, mask_shape: Any) -> None:
        fits = all(one is None or other is None or one == other for one, other in zip(shape[:2], mask_shape))
        if len(mask_shape) < 2 or not fits:
            raise ValueError(
                f"{title(self)}: a mask begins with the axes (batch, time) of the inputs, {tuple(shape[:2])}; got a mask of "
                f"shape {tuple(mask_shape)}."
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *rest = self.layer.compute_output_shape(self._shape_without_time(input_shape))
        return (batch, input_shape[1], *rest)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return _with_layers(cls, config, custom_objects, "layer")


def _copy(layer: Any, prefix: str, **changes: Any) -> Any:
    """A layer of the same config, without weights."""
    config = serialize_keras_object(layer)
    name = prefix + layer.name.removeprefix(prefix)
    return deserialize_keras_object({**config, "config": {**config["config"], **changes, "name": name}})


def _with_layers(cls: Any, config: dict[str, Any], custom_objects: Any, *names: str) -> Any:
    config = dict(config)
    for name in names:
        if config.get(name) is not None:
            config[name] = deserialize_keras_object(config[name], custom_objects=custom_objects)
    return cls(**config)
