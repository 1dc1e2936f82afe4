"""The base of all metrics: numbers gathered over many batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from graphkeras.compiler.provenance import scope
from graphkeras.compiler.types import numpy_dtype

from .. import config
from ..naming import auto_name
from ..stateless import StatelessScope, current_values, paired
from ..variable import Variable


class Metric:
    """Something measured over many batches.

    A subclass makes its state with `add_variable` in `__init__`, changes it in `update_state` and computes the figure from
    it in `result`. In training both are part of the compiled step: no number leaves the device until it is shown.

    Args:
        dtype: the dtype of the state; the default float by default.
        name: a name; made from the class by default.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._variables: list[Variable] = []
        self._metrics: list[Metric] = []
        self.name = name or auto_name(type(self).__name__)
        self.dtype = str(getattr(dtype, "compute_dtype", None) or dtype or config.floatx())

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Metric):
            self._require_init()
            if all(value is not metric for metric in self._metrics):
                self._metrics.append(value)
        elif isinstance(value, Variable):
            self._require_init()
            if all(value is not variable for variable in self._variables):
                self._variables.append(value)
        super().__setattr__(name, value)

    def add_variable(
        self, shape: Sequence[int] = (), initializer: Any = "zeros", dtype: Any = None, aggregation: str = "sum", name: str = ""
    ) -> Variable:
        """A new state variable. `reset_state` sets it to zeros. `aggregation` is for training on several devices."""
        self._require_init()
        with scope(self.name):
            variable = Variable(
                initializer, shape=tuple(shape), dtype=dtype or self.dtype, trainable=False, name=name or "variable"
            )
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Sequence[int] = (), initializer: Any = "zeros", dtype: Any = None, name: str = "") -> Variable:
        """The same as `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer or "zeros", dtype=dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The state, also of metrics inside this one."""
        return [*self._variables, *(variable for metric in self._metrics for variable in metric.variables)]

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state.")

    def result(self) -> Any:
        """The figure over all batches since `reset_state`; a scalar, or a dict of scalars."""
        raise NotImplementedError(f"{type(self).__name__} must define result.")

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, numpy_dtype(variable.dtype)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        with scope(self.name):
            self.update_state(*args, **kwargs)
            return self.result()

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The values of `variables` after a batch, if they had the values `metric_variables` before. Nothing is changed."""
        with StatelessScope(paired(f"{self.name}.stateless_update_state", self.variables, metric_variables)) as inside:
            self.update_state(*args, **kwargs)
        return current_values(inside, self.variables)

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The figure, if `variables` had these values."""
        with StatelessScope(paired(f"{self.name}.stateless_result", self.variables, metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The values of `variables` after `reset_state`. Nothing is changed."""
        with StatelessScope() as inside:
            self.reset_state()
        return current_values(inside, self.variables)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)

    def _require_init(self) -> None:
        if "_metrics" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}.__init__ must call super().__init__() before it makes its state.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
