"""`Layer.stateless_call`: a layer as a pure function of the values of its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base_operation import Operation
from ..stateless import StatelessScope, paired
from .input_spec import title

if TYPE_CHECKING:
    from .layer import Layer


class StatelessCall(Operation):
    """See `Layer.stateless_call`. On symbols, it is one call of a functional model.

    Raises:
        ValueError: if the layer is not built.
    """

    def __init__(self, layer: Layer, return_losses: bool) -> None:
        super().__init__()
        self.layer, self.return_losses = layer, return_losses
        self.title = f"{title(layer)}.stateless_call"
        if not layer.built:
            raise ValueError(f"{self.title}: build the layer first, or call it on data: it has no variables yet.")

    def call(self, trainable: list[Any], non_trainable: list[Any], *args: Any, **kwargs: Any) -> Any:
        layer, others = self.layer, self.layer.non_trainable_variables
        mapping = paired(f"{self.title}, trainable_variables", layer.trainable_variables, trainable)
        mapping += paired(f"{self.title}, non_trainable_variables", others, non_trainable)
        with StatelessScope(mapping):
            outputs = layer(*args, **kwargs)
            losses = list(layer.losses)
            new = [variable.value for variable in others]
            layer._clear_losses()
        return (outputs, new, losses) if self.return_losses else (outputs, new)
