"""`Functional`: a model made of symbolic tensors."""

from __future__ import annotations

from typing import Any

from .model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes: the calls that lead from the inputs to the outputs."""

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs, outputs, name=name, **kwargs)


Model.functional_class = Functional
