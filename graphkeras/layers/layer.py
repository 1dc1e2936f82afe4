"""`Layer`: a function on tensors with variables of its own. Read `__call__` first."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Self

import numpy as np

from graphkeras.compiler.provenance import current_scope, scope, user_source
from graphkeras.compiler.types import shape_text

from .. import config as settings
from .. import constraints, dtype_policies, initializers, regularizers, stateless, tree
from ..base_operation import Operation
from ..call_context import calling, current_call, outside_of_calls
from ..dtype_policies import DTypePolicy
from ..masks import carry_masks
from ..operation import record
from ..removed_names import RemovedFromLayers
from ..tensor import KerasTensor
from ..trace import Trace, current_trace, eager
from ..tracebacks import filtered
from ..variable import Variable
from . import layer_config
from .call_arguments import CallArguments, converted, signature_of
from .input_spec import check_inputs, shapes_of, title
from .masks import mask_outputs, masks_for
from .stateless_call import StatelessCall
from .tracking import LayerState, count_switch, metrics_in, seed_generators_in, unique, variables_in


class Layer(RemovedFromLayers, Operation):
    """The base of all layers.

    A subclass makes its variables in `build(input_shape)` with `add_weight` and computes in `call(inputs)`. Calling the layer
    on symbolic tensors adds to a graph; calling it on arrays computes at once. Layers, variables and metrics that are
    attributes, or in lists and dicts that are, belong to the layer.

    Args:
        activity_regularizer: a function from the layer's result to a loss that training adds.
        trainable: whether training changes its variables.
        dtype: a dtype or dtype policy.
        autocast: whether float inputs are cast to the layer's compute dtype.
        name: a name; made from the class by default.
        kwargs: `input_shape`, `input_dim`, `batch_input_shape` and `weights`, as in older Keras.
    """

    input_spec: Any = None
    supports_masking = False
    _layer_state: LayerState

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        layer = super().__new__(cls, *args, **kwargs)
        object.__setattr__(layer, "_layer_state", LayerState(source=user_source()))
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _scoped_build(cls.__dict__["build"])  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        layer_config.apply_legacy_arguments(type(self).__name__, self._layer_state, kwargs)
        Operation.__init__(self, name)
        self.dtype_policy: DTypePolicy = settings.dtype_policy() if dtype is None else dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self._layer_state.trainable = bool(trainable)

    # ---- to be defined by subclasses ----------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables, for inputs of that shape. Called once, before the first `call`."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's function."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, inputs).")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks of the results; called if the layer supports masking. Those of the inputs by default."""
        return mask

    # ---- calling ------------------------------------------------------------------------------------------------------

    @filtered
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "dtype_policy" not in vars(self):
            cls = type(self).__name__
            raise RuntimeError(f"{cls} was not initialized: its __init__ must call super().__init__(**kwargs).")
        outer, trace = current_call(), current_trace()
        given = CallArguments(self, signature_of(self), args, kwargs)
        training = given.training(None if outer is None else outer.training)
        symbolic = trace is not None or given.is_symbolic
        if outer is None and not symbolic:
            self._clear_losses()
        # Outside of a program, a call on symbols runs in a trace of its own: variables are symbols, assignments are dropped.
        own_trace: Any = Trace() if symbolic and trace is None else nullcontext()
        policy = self.dtype_policy
        mixed = policy.compute_dtype if self.autocast and policy.compute_dtype != policy.variable_dtype else None
        with scope(self.name), calling(self, training, mixed), own_trace, self._explained(given):
            original, given = given, converted(self, given)
            carry_masks((original.args, original.keywords), (given.args, given.keywords))
            check_inputs(self.input_spec, given.first, self)
            if not self.built:
                self._build_for(given)
                check_inputs(self.input_spec, given.first, self)
            keywords, remat = {**given.keywords_with(training), **masks_for(given)}, self._operation_state.remat
            if remat is None:
                outputs = self.call(*given.args, **keywords)
            else:
                outputs = remat.call(self, lambda: self.call(*given.args, **keywords))
            mask_outputs(self, given, outputs)
            if self.activity_regularizer is not None:
                self._regularize_activity(outputs)
        if symbolic:
            self._name_outputs(outputs)
        if trace is None and outer is None and symbolic:
            inner = outputs
            outputs = tree.map_structure(lambda x: KerasTensor.of(x.value) if isinstance(x, KerasTensor) else x, inner)
            carry_masks(inner, outputs)
            record(self, args, kwargs, outputs)
        return outputs

    @contextmanager
    def _explained(self, given: CallArguments) -> Iterator[None]:
        """Adds to an error which layer it happened in; the innermost layer says it."""
        try:
            yield
        except (ValueError, TypeError, IndexError, NotImplementedError) as error:
            noted = any(note.startswith("  in ") for note in getattr(error, "__notes__", ()))
            if not noted and title(self) not in str(error):
                error.add_note(f"  in {title(self)} called on {given.described()} at {user_source()}")
            raise

    def _name_outputs(self, outputs: Any) -> None:
        for x in tree.flatten(outputs):
            if isinstance(x, KerasTensor) and x.value.node is not None and not x.value.name:
                x.value.name = self.name

    def _regularize_activity(self, outputs: Any) -> None:
        for output in tree.flatten(outputs):
            if isinstance(output, (KerasTensor, np.ndarray)):
                size = output.value.type.shape[0] if isinstance(output, KerasTensor) else output.shape[0]
                self.add_loss(self.activity_regularizer(output) / layer_config.as_float_number(size))

    # ---- building -----------------------------------------------------------------------------------------------------

    def _build_for(self, given: CallArguments) -> None:
        shapes = {f"{name}_shape": shapes_of(value) for name, value in given.tensor_arguments.items()}
        parameters = inspect.signature(self.build).parameters
        with outside_of_calls(), eager():  # it may make functional models, and compute values for its variables
            if len(shapes) == 1 or next(iter(shapes), "") not in parameters:
                self.build(next(iter(shapes.values()), None))
            else:
                self.build(**{name: shape for name, shape in shapes.items() if name in parameters})  # masks need no variables

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build_from_config` needs to make the variables again; None before the layer is built."""
        shapes = self._layer_state.build_shapes
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build as `get_build_config` says."""
        if self.built or not config:
            return
        if "shapes_dict" in config:
            self.build(**{name: layer_config.as_shape(shape) for name, shape in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(layer_config.as_shape(config["input_shape"]))

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        name: str | None = None,
        overwrite_with_gradient: bool = False,
    ) -> Variable:
        """Make a variable of this layer.

        Args:
            shape: a tuple of numbers; () by default.
            initializer: glorot_uniform for floats and zeros for others by default.
            dtype: the policy's variable dtype by default.
            trainable: whether optimizers change it.
            regularizer: a function from the variable to a loss.
            constraint: what the optimizer applies to it after each update.
            name: the last part of its path; "variable" with a number by default.
        """
        if isinstance(shape, str):  # Keras 2: add_weight(name, shape, ...)
            raise TypeError(f"{title(self)}.add_weight: the first argument is the shape, got {shape!r}. Write name={shape!r}.")
        dtype = dtype or self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if "float" in str(dtype) else "zeros"
        with self._in_own_scope():
            variable = Variable(
                initializers.get(initializer),
                () if shape is None else shape,
                dtype,
                trainable,
                autocast,
                aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._track(variable)
        return variable

    @contextmanager
    def _in_own_scope(self) -> Iterator[None]:
        """Inside the layer's own scope, which is entered only if it is not the innermost already."""
        if current_scope().rpartition("/")[2] == self.name:
            yield
        else:
            with scope(self.name):
                yield

    # ---- what it owns -------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable):
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, variable: Variable) -> None:
        state = self._layer_state
        if not any(known is variable for known in (*state.trainable_variables, *state.non_trainable_variables)):
            (state.trainable_variables if variable.trainable else state.non_trainable_variables).append(variable)

    def _own_variables(self) -> tuple[list[Variable], list[Variable]]:
        """Own variables made to be trained, and the others; those in containers come after those that are attributes."""
        state = self._layer_state
        known = {id(variable) for variable in (*state.trainable_variables, *state.non_trainable_variables)}
        for variable in variables_in(vars(self)):
            if id(variable) not in known:
                self._track(variable)
        return state.trainable_variables, state.non_trainable_variables

    @property
    def _trainable_variables(self) -> list[Variable]:
        return list(self._own_variables()[0])

    @property
    def _non_trainable_variables(self) -> list[Variable]:
        return list(self._own_variables()[1])

    @property
    def _layers(self) -> list[Layer]:
        """Sub-layers, in the order of the attributes that hold them."""
        return layers_in(self)

    @property
    def _seed_generators(self) -> list[Any]:
        return seed_generators_in(vars(self))

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Layer]:
        """This layer and all layers in it, each once."""
        found: dict[int, Layer] = {}

        def visit(layer: Layer) -> None:
            if id(layer) not in found:
                found[id(layer)] = layer
                for inner in layer._layers if recursive or layer is self else ():
                    visit(inner)

        visit(self)
        return [layer for layer in found.values() if include_self or layer is not self]

    @property
    def variables(self) -> list[Variable]:
        """All variables: weights and the states of seed generators."""
        layers = self._flatten_layers()
        own = [v for layer in layers for v in (*layer._trainable_variables, *layer._non_trainable_variables)]
        return unique([*own, *(seed.state for layer in layers for seed in layer._seed_generators)])

    @property
    def weights(self) -> list[Variable]:
        """The variables of this layer, trainable ones first, then those of its sub-layers."""
        layers = self._flatten_layers()
        return unique(v for layer in layers for v in (*layer._trainable_variables, *layer._non_trainable_variables))

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are attributes of this layer and of its sub-layers."""
        return unique(metric for layer in self._flatten_layers() for metric in metrics_in(vars(layer)))

    @property
    def metrics_variables(self) -> list[Variable]:
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training changes its variables. Setting it sets it for sub-layers, too."""
        return self._layer_state.trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._layer_state.trainable = bool(value)
        count_switch()
        for variable in self._trainable_variables:
            variable.trainable = bool(value)
        for layer in self._layers:
            layer.trainable = bool(value)

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: before the layer is built.
        """
        if not self.built:
            raise ValueError(f"{title(self)} has no weights yet: they are made when it is first called, or by build(shape).")
        return sum(variable.size for variable in self.weights)

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """The numbers of `weights`, as arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the numbers of `weights`.

        Raises:
            ValueError: for another number of arrays or another shape.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(f"{title(self)} has {len(own)} weights, set_weights got {len(weights)} arrays.")
        for variable, array in zip(own, weights):
            if tuple(np.shape(array)) != variable.shape:
                raise ValueError(
                    f"{title(self)}: the weight {variable.path} has shape {shape_text(variable.shape)}, "
                    f"set_weights got {shape_text(np.shape(array))} for it."
                )
        for variable, array in zip(own, weights):
            variable.assign(array)

    # ---- losses -------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Let training add a scalar (or several) to the loss; called inside `call`."""
        trace, stateless_scope = current_trace(), stateless.current_scope()
        for one in tree.flatten(loss):
            if stateless_scope is not None and stateless_scope.collect_losses:
                stateless_scope.add_loss(one)
            (self._layer_state.losses if trace is None else trace.losses).append(one if trace is None else (self, one))

    @property
    def losses(self) -> list[Any]:
        """Scalars from `add_loss` in the last call, of activity regularizers, and of the weights' regularizers."""
        trace, layers = current_trace(), self._flatten_layers()
        if trace is None:
            found = [loss for layer in layers for loss in layer._layer_state.losses]
        else:
            ids = {id(layer) for layer in layers}
            found = [loss for layer, loss in trace.losses if id(layer) in ids]
        return found + [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._layer_state.losses.clear()

    # ---- as a pure function -------------------------------------------------------------------------------------------

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The layer's result if its variables had these values; the layer stays as it is.

        Args:
            trainable_variables: a value for each of the layer's `trainable_variables`.
            non_trainable_variables: a value for each of its `non_trainable_variables`.
            args, kwargs: what the layer is called on, arrays or symbolic tensors.
            return_losses: whether to return the losses of the call, too.

        Returns:
            The result, the new values of the non-trainable variables and, if asked for, the losses.

        Raises:
            ValueError: before the layer is built; for another number of values, or another shape.
        """
        call = StatelessCall(self, return_losses)
        return call(list(trainable_variables), list(non_trainable_variables), *args, **kwargs)

    # ---- what it is ---------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Its name with the layers around it, as of its first variable; its name if it has none."""
        own = [*self._trainable_variables, *self._non_trainable_variables]
        return own[0].path.rpartition("/")[0] if own else self.name

    @property
    def dtype(self) -> str:
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        return self.dtype_policy.compute_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the result for an input of that shape; None for sizes not known before the run."""
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(layer_config.placeholders(input_shape, self)))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic results for symbolic arguments, without any record of the call."""
        with Trace():
            return self(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as JSON-ready data."""
        return layer_config.default_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new layer, from what `get_config` returned."""
        return cls(**layer_config.read_config(config))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def layers_in(owner: Any) -> list[Layer]:
    """Layers among the attributes of `owner` and in containers there."""
    return unique(leaf for leaf in layer_config.attribute_leaves(owner) if isinstance(leaf, Layer))


def _scoped_build(build: Callable[..., None]) -> Callable[..., None]:
    """`build` inside the layer's scope; afterwards the layer is built, its shapes are noted, given weights are set."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        state = self._layer_state
        if state.is_building:  # super().build(...)
            build(self, *args, **kwargs)
            return
        state.is_building = True
        try:
            with self._in_own_scope():
                build(self, *args, **kwargs)
        finally:
            state.is_building = False
        self.built = True
        bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
        state.build_shapes = {name: shape for name, shape in list(bound.items())[1:] if name != "kwargs"}
        if not state.trainable:
            self.trainable = False
        if state.initial_weights is not None:
            self.set_weights(state.initial_weights)
            state.initial_weights = None

    return wrapped
