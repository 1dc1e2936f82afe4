"""Recurrent layers that make their cell themselves: their arguments are the cell's and those of `RNN`."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import regularizers
from ...arguments import argument_names
from ...naming import to_snake_case
from .cells import RecurrentCell
from .recurrent import RNN


class OwnCellRNN(RNN):
    """The base of `SimpleRNN`, `LSTM`, `GRU` and `ConvLSTM`; `layer.units` and the like are the cell's.

    A subclass names its `cell_class` and passes all of its arguments on by name.
    """

    cell: Any
    cell_class: ClassVar[type[RecurrentCell]]
    #: Arguments of the cell that are fixed for the layer class, or not written into configs.
    hidden: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **arguments: Any) -> None:
        of_cell = (*argument_names(self.cell_class), "implementation")
        for_cell = {name: arguments.pop(name) for name in of_cell if name in arguments}
        shared = {name: arguments[name] for name in ("dtype", "trainable") if name in arguments}
        cell = self.cell_class(**for_cell, **shared, name=to_snake_case(self.cell_class.__name__))
        super().__init__(cell, **arguments)

    def __getattr__(self, name: str) -> Any:
        """Arguments of the cell: `units`, `activation`, `kernel_initializer`, ..."""
        if "cell" in self.__dict__ and name in argument_names(self.cell_class):
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        activity = {"activity_regularizer": regularizers.serialize(self.activity_regularizer)}
        of_cell = {name: value for name, value in self.cell.arguments_config().items() if name not in self.hidden}
        return {**config, **activity, **of_cell}
