"""`Embedding`: a table of vectors, looked up by integers."""

from __future__ import annotations

from typing import Any

from .. import constraints, initializers, ops, regularizers
from .adapted import AdaptedLayer
from .input_spec import title


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
        length = kwargs.pop("input_length", None)  # Keras 2
        if length is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (length,) if isinstance(length, int) else tuple(length)
        super().__init__(**kwargs)
        if quantization_config is not None:
            raise NotImplementedError(f"{title(self)}: quantization is not supported; leave quantization_config None.")
        self.set_lora(lora_rank, lora_alpha)
        self.input_dim, self.output_dim, self.mask_zero = input_dim, output_dim, mask_zero
        self.supports_masking = mask_zero
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        if weights is not None:
            self._layer_state.initial_weights = weights if isinstance(weights, (list, tuple)) else [weights]
            self.build(None)

    def build(self, input_shape: Any = None) -> None:
        shape = (self.input_dim, self.output_dim)
        self.add_main_weight(shape, self.embeddings_initializer, self.embeddings_regularizer, self.embeddings_constraint)
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

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            **self.lora_config(),
        }
