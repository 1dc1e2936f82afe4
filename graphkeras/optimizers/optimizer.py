"""The base of all optimizers: what happens to gradients before and to variables after the update rule."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from graphkeras.compiler.provenance import scope
from graphkeras.compiler.types import numpy_dtype

from .. import config, ops
from ..naming import auto_name
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from ..stateless import StatelessScope, current_values, paired
from ..variable import Variable
from .clipping import clip_by_global_norm, clip_by_norm
from .conditional import only_if
from .schedules import LearningRateSchedule


class Optimizer:
    """Changes variables so that a loss falls.

    A subclass defines `build(variables)`, which makes its slots (one state variable for each variable of the model), and
    `update_step(gradient, variable, learning_rate)`, which assigns to both. Numbers that are the same for all variables
    belong in `begin_step(learning_rate)`: they are computed once a step.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments. ``lr`` is the same.
        weight_decay: each step takes learning_rate * weight_decay of a variable away from it.
        clipnorm: each gradient is scaled down to this norm.
        clipvalue: each element of gradients is limited to [-clipvalue, clipvalue].
        global_clipnorm: all gradients together are scaled down to this norm.
        use_ema: keep a moving average of each variable; the averages replace the variables at the end of `fit`.
        ema_momentum: how much of the average stays in each step.
        ema_overwrite_frequency: replace the variables by the averages every so many steps, too.
        loss_scale_factor: the loss is multiplied by it and gradients are divided by it, for 16-bit floats.
        gradient_accumulation_steps: gradients of so many steps are added up, and only the last of them updates the variables,
            by the mean: what a batch so many times as large would do.
        name: a name; made from the class by default.

    Raises:
        ValueError: for a negative number or several kinds of clipping at once.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        learning_rate = kwargs.pop("lr", learning_rate)
        _refuse_unknown(type(self).__name__, kwargs)
        if gradient_accumulation_steps is not None and (
            not isinstance(gradient_accumulation_steps, int) or gradient_accumulation_steps < 2
        ):
            raise ValueError(
                f"{type(self).__name__}: gradient_accumulation_steps must be an integer from 2, or None for an update after "
                f"each step, got {gradient_accumulation_steps!r}."
            )
        if sum(bound is not None for bound in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                f"{type(self).__name__}: give only one of clipnorm, clipvalue and global_clipnorm, got "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}."
            )
        for argument, bound in (("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global_clipnorm)):
            if bound is not None and not bound > 0:
                raise ValueError(f"{type(self).__name__}: {argument} must be greater than 0, got {bound}.")
        if weight_decay is not None and weight_decay < 0:
            raise ValueError(f"{type(self).__name__}: weight_decay must not be negative, got {weight_decay}.")
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(f"{type(self).__name__}: ema_momentum must lie in [0, 1], got {ema_momentum}.")
        self.weight_decay, self.clipnorm, self.clipvalue, self.global_clipnorm = (
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
        )
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor, self.gradient_accumulation_steps = loss_scale_factor, gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._positions: dict[Variable, int] = {}
        self._averages: list[Variable] = []
        self._accumulators_of_gradients: list[Variable] = []
        self._undecayed: set[Variable] = set()
        with scope(self.name):
            self._iterations = self._track(Variable(np.zeros((), np.int32), trainable=False, name="iteration"))
            self._learning_rate = self._standard_learning_rate(learning_rate)
        if isinstance(self._learning_rate, Variable):
            self._track(self._learning_rate)

    # ---- state ---------------------------------------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """All state: the iteration, the learning rate unless it is a schedule, averages, slots."""
        return list(self._variables)

    @property
    def iterations(self) -> Any:
        """How many updates there have been: the variable that counts steps, or with accumulated gradients a part of it."""
        steps = self.gradient_accumulation_steps
        return self._iterations if steps is None else ops.floor_divide(self._iterations, steps)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these variables. Subclasses call this first, then `add_slots`."""
        self._trainable_variables = list(variables)
        self._positions = {variable: position for position, variable in enumerate(variables)}
        if self.use_ema:
            self._averages = self.add_slots("average")
        if self.gradient_accumulation_steps:
            self._accumulators_of_gradients = self.add_slots("gradient_accumulator")
        self.built = True

    def add_slots(self, name: str, initial: float = 0.0) -> list[Variable]:
        """One state variable for each variable of the model, in its shape and dtype."""
        return [self.add_variable_from_reference(variable, name, initial) for variable in self._trainable_variables]

    def add_variable_from_reference(self, reference_variable: Variable, name: str, initializer: Any = "zeros") -> Variable:
        """A state variable in the shape and dtype of another. `initializer` is a number or ``"zeros"``."""
        initial = 0.0 if initializer == "zeros" else initializer
        numbers = np.full(reference_variable.shape, initial, numpy_dtype(reference_variable.dtype))
        with scope(self.name):
            slot = Variable(
                numbers,
                dtype=reference_variable.dtype,
                trainable=False,
                name=f"{reference_variable.path.replace('/', '_')}_{name}",
            )
        return self._track(slot)

    def _track(self, variable: Variable) -> Variable:
        self._variables.append(variable)
        return variable

    def slot(self, slots: Sequence[Variable], variable: Variable) -> Variable:
        """The one of `slots` (made by `add_slots`) that belongs to `variable`."""
        return slots[self._positions[variable]]

    def save_own_variables(self, store: Any) -> None:
        """Write all state into a dict-like store, under "0", "1", ..."""
        for position, variable in enumerate(self.variables):
            store[str(position)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote.

        Raises:
            ValueError: if the store holds another number of variables.
        """
        if len(store.keys()) != len(self.variables):
            raise ValueError(
                f"Optimizer {self.name!r} has {len(self.variables)} variables, the file holds {len(store.keys())}. "
                "Build it on the model that the file was made with: optimizer.build(model.trainable_variables)."
            )
        for position, variable in enumerate(self.variables):
            variable.assign(np.asarray(store[str(position)]))

    # ---- learning rate ---------------------------------------------------------------------------------------------------

    def _standard_learning_rate(self, learning_rate: Any) -> Any:
        """A schedule or function as it is; a number as a new variable."""
        if isinstance(learning_rate, dict):
            learning_rate = deserialize_keras_object(learning_rate)
        if isinstance(learning_rate, LearningRateSchedule) or (
            callable(learning_rate) and not isinstance(learning_rate, Variable)
        ):
            return learning_rate
        number = np.asarray(learning_rate)
        if number.dtype.kind not in "fiu" or number.shape != () or not np.isfinite(number) or number < 0:
            raise ValueError(
                f"{type(self).__name__}: learning_rate must be a number that is not negative or a LearningRateSchedule, "
                f"got {learning_rate!r}."
            )
        return Variable(number, dtype=config.floatx(), trainable=False, name="learning_rate")

    @property
    def learning_rate(self) -> Any:
        """The variable that holds the learning rate; with a schedule its current number."""
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        is_schedule = _is_schedule(learning_rate)
        if isinstance(self._learning_rate, Variable) and not is_schedule:
            self._learning_rate.assign(learning_rate)
            return
        if isinstance(self._learning_rate, Variable) != (not is_schedule) and self.built:
            now, then = ("a number", "a schedule") if is_schedule else ("a schedule", "a number")
            raise ValueError(
                f"Optimizer {self.name!r}: its learning rate is {now} and cannot become {then} after it has been built. "
                "Make a new optimizer and compile again."
            )
        if isinstance(self._learning_rate, Variable):
            self._variables.remove(self._learning_rate)
        with scope(self.name):
            self._learning_rate = self._standard_learning_rate(learning_rate)
        if isinstance(self._learning_rate, Variable):
            self._variables.insert(1, self._learning_rate)

    lr = learning_rate

    def _current_learning_rate(self) -> Any:
        """As a tensor: symbolic in a trace, else an array."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return ops.convert_to_tensor(
            self._learning_rate() if not isinstance(self._learning_rate, Variable) else self._learning_rate
        )

    # ---- the step --------------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Update from pairs of a gradient and its variable."""
        gradients, variables = zip(*grads_and_vars)
        return self.apply(gradients, variables)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> Any:
        """Update the variables; gradients that are None leave theirs alone.

        Returns:
            The number of steps taken.

        Raises:
            ValueError: for no gradient at all, another number of gradients than variables, or an unknown variable.
        """
        if trainable_variables is None:
            if not self.built:
                raise ValueError(f"Optimizer {self.name!r}: pass the variables, or build(variables) it first.")
            trainable_variables = self._trainable_variables
        if not self.built:
            self.build(trainable_variables)
        pairs = self._checked_pairs(list(grads), list(trainable_variables))
        variables = [variable for _, variable in pairs]
        with scope(self.name):
            gradients = [self._unscaled(gradient) for gradient, _ in pairs]
            if self.gradient_accumulation_steps:
                self._accumulate(gradients, variables, self.gradient_accumulation_steps)
            else:
                self._update(gradients, variables)
            self._average(variables)
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable))
            return self._iterations.assign_add(1)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """One step as a pure function: nothing is changed.

        Args:
            optimizer_variables: a value for each of the optimizer's `variables`.
            grads: a gradient for each trainable variable.
            trainable_variables: a value for each variable that the optimizer was built with.

        Returns:
            The new values of the trainable variables, and of the optimizer's.

        Raises:
            ValueError: before `build`, or for another number of values.
        """
        if not self.built:
            raise ValueError(f"Optimizer {self.name!r}: build(variables) it before stateless_apply.")
        model = self._trainable_variables
        mapping = paired(f"{self.name}.stateless_apply, trainable_variables", model, trainable_variables)
        mapping += paired(f"{self.name}.stateless_apply, optimizer_variables", self.variables, optimizer_variables)
        with StatelessScope(mapping) as inside:
            self.apply(grads, model)
        return current_values(inside, model), current_values(inside, self.variables)

    def _update(self, gradients: list[Any], variables: Sequence[Variable]) -> None:
        gradients = self._clipped(gradients)
        learning_rate = self._current_learning_rate()
        self._decay(variables, learning_rate)
        self.begin_step(learning_rate)
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, ops.cast(learning_rate, variable.dtype))

    def _accumulate(self, gradients: Sequence[Any], variables: Sequence[Variable], steps: int) -> None:
        """Update by the mean of the gradients of the last steps if enough have been added up, else add these."""
        is_last = ops.equal(ops.mod(ops.add(self._iterations, 1), steps), 0)
        sums = [self.slot(self._accumulators_of_gradients, variable) for variable in variables]
        totals = [ops.add(gradient, total) for gradient, total in zip(gradients, sums)]
        only_if(is_last, lambda: self._update([ops.divide(total, float(steps)) for total in totals], variables))
        for variable, total in zip(sums, totals):
            variable.assign(ops.where(is_last, ops.zeros_like(total), total))

    def begin_step(self, learning_rate: Any) -> None:
        """Compute what is the same for all variables. Called once a step, before `update_step`."""

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots."""
        raise NotImplementedError(f"{type(self).__name__} must define update_step(self, gradient, variable, learning_rate).")

    def assign(self, variable: Variable, value: Any) -> None:
        """Replace the numbers of a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to the numbers of a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from the numbers of a variable."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`; what training differentiates."""
        return loss if self.loss_scale_factor is None else ops.multiply(loss, float(self.loss_scale_factor))

    def _unscaled(self, gradient: Any) -> Any:
        return gradient if self.loss_scale_factor is None else ops.multiply(gradient, 1.0 / self.loss_scale_factor)

    def _checked_pairs(self, grads: list[Any], variables: list[Variable]) -> list[tuple[Any, Variable]]:
        if len(grads) != len(variables):
            raise ValueError(f"Optimizer {self.name!r}: got {len(grads)} gradients for {len(variables)} variables.")
        unknown = [variable.path for variable in variables if variable not in self._positions]
        if unknown:
            raise ValueError(
                f"Optimizer {self.name!r} was not built for the variable {unknown[0]!r}; it knows "
                f"{', '.join(variable.path for variable in self._trainable_variables) or 'none'}. "
                "Use one optimizer for each model, and compile again with a new one after making layers trainable."
            )
        pairs = [(gradient, variable) for gradient, variable in zip(grads, variables) if gradient is not None]
        if not pairs:
            raise ValueError(
                f"Optimizer {self.name!r}: no gradient for any variable: the loss depends on none of "
                f"{', '.join(variable.path for variable in variables) or 'an empty list of variables'}."
            )
        missing = [variable.path for gradient, variable in zip(grads, variables) if gradient is None]
        if missing:
            warnings.warn(f"The loss does not depend on {', '.join(missing)}; they are not trained.", stacklevel=3)
        return pairs

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        if self.clipnorm is not None:
            return [clip_by_norm(gradient, self.clipnorm) for gradient in gradients]
        if self.clipvalue is not None:
            return [ops.clip(gradient, -float(self.clipvalue), float(self.clipvalue)) for gradient in gradients]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gradients, self.global_clipnorm)
        return gradients

    # ---- weight decay and moving averages ----------------------------------------------------------------------------------

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave variables out of weight decay: those given, and those whose path holds one of the names.

        Raises:
            ValueError: after the optimizer has been built.
        """
        if self.built:
            raise ValueError("exclude_from_weight_decay must be called before the optimizer is built.")
        self._undecayed.update(var_list or ())
        self._undecayed_names = (*getattr(self, "_undecayed_names", ()), *(var_names or ()))

    def _decay(self, variables: Sequence[Variable], learning_rate: Any) -> None:
        if self.weight_decay is None:
            return
        rate = ops.multiply(learning_rate, float(self.weight_decay))
        for variable in variables:
            if self.decays(variable):
                variable.assign_sub(ops.multiply(variable, ops.cast(rate, variable.dtype)))

    def decays(self, variable: Variable) -> bool:
        """Whether weight decay is for this variable."""
        names = getattr(self, "_undecayed_names", ())
        return variable not in self._undecayed and not any(name in variable.path for name in names)

    def _average(self, variables: Sequence[Variable]) -> None:
        """average = momentum * average + (1 - momentum) * variable; the variable itself after the first step."""
        if not self.use_ema:
            return
        is_first = ops.equal(self.iterations, 0)
        momentum = ops.where(is_first, 0.0, float(self.ema_momentum))
        for variable in variables:
            average = self.slot(self._averages, variable)
            kept = ops.cast(momentum, variable.dtype)
            average.assign(ops.add(ops.multiply(average, kept), ops.multiply(variable, ops.subtract(1.0, kept))))
        if self.ema_overwrite_frequency:
            steps = ops.add(self.iterations, 1)
            now = ops.equal(ops.mod(steps, int(self.ema_overwrite_frequency)), 0)
            for variable in variables:
                variable.assign(ops.where(now, self.slot(self._averages, variable), variable))

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace variables by their moving averages, if it keeps them; `fit` does so at its end."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self.slot(self._averages, variable).numpy())

    # ---- config ------------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "learning_rate": self._learning_rate_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    def _learning_rate_config(self) -> Any:
        if isinstance(self._learning_rate, Variable):
            return float(self._learning_rate.numpy())
        return serialize_keras_object(self._learning_rate)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_keras_object(config["learning_rate"], custom_objects=custom_objects)
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _is_schedule(learning_rate: Any) -> bool:
    return callable(learning_rate) and not isinstance(learning_rate, Variable)


def _refuse_unknown(optimizer: str, kwargs: dict[str, Any]) -> None:
    """Keras 2's `decay` is ignored with a warning, as in Keras.

    Raises:
        TypeError: for any other argument.
    """
    if kwargs.pop("decay", None):
        warnings.warn(
            f"{optimizer}: decay is ignored. For a learning rate that falls, use "
            "learning_rate=keras.optimizers.schedules.InverseTimeDecay(initial_learning_rate, 1, decay).",
            stacklevel=4,
        )
    for ignored in ("jit_compile", "is_legacy_optimizer", "experimental_aggregate_gradients"):
        kwargs.pop(ignored, None)
    if kwargs:
        raise TypeError(f"{optimizer} has no argument {', '.join(map(repr, kwargs))}. See help({optimizer}).")
