"""The whole state of a training run, as arrays: what `BackupAndRestore` keeps.

It holds all that a step reads or assigns: weights, optimizer, figures of the epoch, random streams; and where in the data the
run is. Given back, the run goes on bit for bit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tracing import StaticFunction
from ..variable import Variable
from .arrays import Array
from .sources import Source

_PLACE = "place"


@dataclass(frozen=True)
class Place:
    """Where a run is.

    Attributes:
        epoch: the epoch that goes on.
        batches: how many of its batches are done.
        order_seed: what the order of the data is made of; None if it is not shuffled.
    """

    epoch: int
    batches: int
    order_seed: int | None


@dataclass
class Run:
    """What is needed to take and give back the state of a `fit` that is running.

    Attributes:
        model: what is trained.
        function: its compiled step.
        source: its data.
        resumed: the state to go on from, or None; `fit` looks at it after `on_train_begin`.
    """

    model: Any
    function: StaticFunction
    source: Source
    resumed: dict[str, Array] | None = None

    def state(self, epoch: int, batches: int) -> dict[str, Array]:
        """The state after so many batches of that epoch."""
        place = json.dumps({"epoch": epoch, "batches": batches, "order_seed": self.source.order_seed})
        arrays = {str(number): variable.numpy() for number, variable in enumerate(self._variables())}
        return {_PLACE: np.frombuffer(place.encode(), np.uint8), **arrays}

    def place(self) -> Place | None:
        """Where to go on, and the data in the order of then; None to start at the beginning."""
        if self.resumed is None:
            return None
        place = Place(**json.loads(self.resumed[_PLACE].tobytes()))
        self.source.order_seed = place.order_seed
        return place

    def restore(self) -> None:
        """Give all variables the numbers of the state to go on from. The step must have been traced.

        Raises:
            ValueError: if the model is another one.
        """
        state, variables = self.resumed, self._variables()
        self.resumed = None
        if state is None:
            return
        if len(state) != len(variables) + 1:
            raise ValueError(
                f"The backup holds {len(state) - 1} variables, the training step of this model has {len(variables)}. "
                "It was made by another model or other arguments of compile; delete it to start anew."
            )
        for number, variable in enumerate(variables):
            array = state[str(number)]
            if array.dtype.kind == "V":  # bfloat16
                array = array.view(variable.numpy().dtype)
            if array.shape != variable.shape:
                raise ValueError(
                    f"The backup holds shape {array.shape} for {variable.path!r}, which has shape {variable.shape}. "
                    "It was made by another model; delete it to start anew."
                )
            variable.assign(array)

    def _variables(self) -> list[Variable]:
        """All state in an order that depends on the structure alone, not on names."""
        metrics = [variable for metric in self.model.metrics for variable in metric.variables]
        programs = [variable for program in self.function.signatures.values() for variable in program.variables.values()]
        optimizer = [] if self.model.optimizer is None else self.model.optimizer.variables
        found = [*self.model.variables, *optimizer, *metrics, *programs]
        return list({id(variable): variable for variable in found}.values())
