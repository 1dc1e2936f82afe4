"""`Model`: a layer that is trained, saved and exported as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

from .. import tree
from ..call_context import calling
from ..layers import layer_config
from ..layers.call_arguments import CallArguments
from ..layers.input_spec import shapes_of, title
from ..layers.layer import Layer
from ..removed_names import RemovedFromModels
from ..saving.model_methods import SavingMethods
from ..tensor import KerasTensor
from ..trace import Trace
from ..training.trainer import Trainer
from .call_graph import CallGraph
from .functional_config import from_functional_config, functional_config
from .inputs import matched_inputs
from .summary import print_summary


class Model(SavingMethods, Trainer, RemovedFromModels, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `export`.

    Made in one of three ways: ``Model(inputs, outputs)`` of symbolic tensors; `Sequential`; or by subclassing, with layers as
    attributes and a `call` method. A subclass may be made of `inputs` and `outputs`, too, to change only `train_step`.

    Args:
        inputs: a symbolic tensor, or a list or dict of them.
        outputs: a symbolic tensor, or a list or dict of them.
        name: a name; made from the class by default.
    """

    #: What ``Model(inputs, outputs)`` makes; set by `functional.py`.
    functional_class: ClassVar[type[Model]]
    _program: CallGraph | None = None
    supports_masking = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = cls.functional_class if cls is Model and _is_functional(args, kwargs) else cls
        return super().__new__(made, *args, **kwargs)  # type: ignore[return-value]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not _is_functional(args, kwargs):
            if args:
                raise TypeError(
                    f"{type(self).__name__} takes inputs and outputs, both or none, got {len(args)} positional arguments."
                )
            Layer.__init__(self, **kwargs)
            Trainer.__init__(self)
            return
        named = dict(zip(("inputs", "outputs", "name"), args))
        options = {**named, **kwargs}
        inputs, outputs = options.pop("inputs"), options.pop("outputs")
        Layer.__init__(self, **options)
        Trainer.__init__(self)
        self._set_program(CallGraph(inputs, outputs))

    def _set_program(self, program: CallGraph | None) -> None:
        self._program = program
        self.built = program is not None
        self.autocast = program is None  # the inputs say their dtypes

    # ---- calling ------------------------------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The model's function. A subclass that is not made of inputs and outputs must define it."""
        if self._program is None:
            raise NotImplementedError(
                f"{type(self).__name__} must define call(self, inputs), or be made of tensors: Model(inputs, outputs)."
            )
        program = self._program
        return program.run(matched_inputs(inputs, program.inputs, program.input_layers, self), training)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the layers inside give their results masks."""
        return None

    def _build_for(self, given: CallArguments) -> None:
        if type(self).build is not Model.build:
            super()._build_for(given)
            return
        # Layers inside are built by the call that follows.
        self._layer_state.build_shapes = {f"{name}_shape": shapes_of(value) for name, value in given.tensor_arguments.items()}
        if len(given.tensor_arguments) == 1:  # what fit, predict and an exported file can call it on
            (inputs,) = given.tensor_arguments.values()
            self._layer_state.built_for = tree.map_structure(_with_any_batch, inputs)
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Make the variables of all layers, for inputs of that shape, by running `call` on symbols.

        Raises:
            ValueError: without a shape.
        """
        if self._program is not None:
            return
        if input_shape is None:
            raise ValueError(f"{title(self)}: give build the shape of the inputs, such as (None, 784), or call it on data.")
        with calling(self, None), Trace():
            self.call(layer_config.placeholders(input_shape, self))

    # ---- what it is made of -------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers that it is made of, without those inside them."""
        return self._layers

    @property
    def _layers(self) -> list[Layer]:
        own = super()._layers
        if self._program is None:
            return own
        return list({id(layer): layer for layer in (*self._program.layers, *own)}.values())

    @property
    def operations(self) -> list[Any]:
        """The layers and op nodes of a model made of tensors, in the order of its calls."""
        return list(self._required_program("operations").operations)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name, or the `index`-th.

        Raises:
            ValueError: if there is none; lists them.
        """
        if (name is None) == (index is None):
            raise ValueError(f"{title(self)}.get_layer: give a name or an index, one of them.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"{title(self)} has {len(self.layers)} layers, there is no layer {index}.")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"{title(self)} has no layer {name!r}; it has {known}.")

    def _required_program(self, what: str) -> CallGraph:
        if self._program is None:
            raise AttributeError(
                f"{title(self)} has no {what}: it is a subclass with a call method of its own"
                + ("." if self.built else ", or it was not built yet.")
            )
        return self._program

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs, as a list."""
        return list(self._required_program("inputs").flat_inputs)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs, as a list."""
        return list(self._required_program("outputs").flat_outputs)

    @property
    def input(self) -> Any:
        """The symbolic inputs in their structure."""
        return self._required_program("input").inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs in their structure."""
        return self._required_program("output").outputs

    @property
    def input_names(self) -> list[str]:
        return [layer.name for layer in self._required_program("input_names").input_layers]

    @property
    def output_names(self) -> list[str]:
        program = self._required_program("output_names")
        return [program.call_of(tensor).operation.name for tensor in program.flat_outputs]

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs in their structure; None for sizes not known before the run."""
        return tree.map_structure(lambda tensor: tensor.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs in their structure; None for sizes not known before the run."""
        return tree.map_structure(lambda tensor: tensor.shape, self.output)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], None] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the layers, the shapes of their results and the numbers of their weights as a table.

        Args:
            line_length: the width of the table.
            positions: not used; the columns fit their contents.
            print_fn: gets the text in place of `print`.
            expand_nested: whether to show the layers of nested models.
            show_trainable: whether to show which layers are trained.
            layer_range: (first name, last name) of the layers to show.
        """
        print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range)

    # ---- configs ------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor as JSON-ready data; of a model made of tensors its layers and calls."""
        if self._program is not None and type(self).__init__.__module__.startswith("graphkeras."):
            return functional_config(self, self._program)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A new model, from what `get_config` returned. The weights are new."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            return from_functional_config(cls, config, custom_objects)  # type: ignore[no-any-return]
        return super().from_config(config)

    def get_build_config(self) -> dict[str, Any] | None:
        return {"input_shape": None} if self._program is not None else super().get_build_config()


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= set(kwargs)


def _with_any_batch(tensor: Any) -> KerasTensor:
    """A symbol of the tensor's dtype and shape, with any number of samples."""
    return KerasTensor((None, *tensor.shape[1:]) if tensor.shape else (), tensor.dtype)
