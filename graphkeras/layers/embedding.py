"""`Embedding`: a table of vectors, looked up by integers."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..arguments import passed
from .adapted import AdaptedLayer


class Embedding(AdaptedLayer):
    """The vectors that belong to integers.

    Args:
        input_dim: how many vectors there are; inputs are from 0 to input_dim - 1.
        output_dim: the length of a vector.
        mask_zero: whether 0 means that there is nothing: layers behind leave those time steps out.
        weights: an array (input_dim, output_dim) to start from.

    Input shape: ``(batch, ...)`` of integers. Output shape: ``(batch, ..., output_dim)``.

    Raises:
        NotImplementedError: for quantization.
    """

    main_weight = "embeddings"

    input_dim: int
    output_dim: int
    embeddings_initializer: Any
    mask_zero: bool

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        arguments = passed(locals())
        length = arguments.pop("input_length", None)  # Keras 2
        if length is not None:
            arguments.setdefault("input_shape", (length,) if isinstance(length, int) else tuple(length))
        if weights is not None:
            arguments["weights"] = weights if isinstance(weights, (list, tuple)) else [weights]
        super().__init__(**arguments)
        self.supports_masking = mask_zero
        if weights is not None:
            self.build(None)

    def build(self, input_shape: Any = None) -> None:
        self.build_main_weight((self.input_dim, self.output_dim))
        self.build_lora()

    @property
    def embeddings(self) -> Any:
        """The table, a variable; with LoRA the sum of it and its adaptation, a tensor."""
        return self.adapted()

    def call(self, inputs: Any) -> Any:
        if "int" not in ops.dtype(inputs):
            inputs = ops.cast(inputs, "int32")
        rows = ops.take(self._main, inputs, axis=0)
        if self.lora_enabled:
            rows = ops.add(
                rows, ops.multiply(ops.matmul(ops.take(self._lora_a, inputs, axis=0), self._lora_b), self.lora_scale)
            )
        return ops.cast(rows, self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)
