"""`ReversibleEmbedding`: an embedding that also computes logits from vectors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..arguments import passed
from .embedding import Embedding


class ReversibleEmbedding(Embedding):
    """An `Embedding` that, called with reverse=True, gives for vectors the scores of all entries.

    Args:
        tie_weights: whether the scores are products with the embeddings, and not with a variable of their own.
        reverse_dtype: the dtype of the scores; the inputs' by default.
        logit_soft_cap: if given, scores are soft_cap * tanh(scores / soft_cap).
    """

    tie_weights: bool
    reverse_dtype: Any
    logit_soft_cap: float | None

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            shape = (self.output_dim, self.input_dim)
            self.reverse_embeddings = self.add_weight(shape, self.embeddings_initializer, name="reverse_embeddings")

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return super().call(inputs)
        kernel: Any = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = ops.cast(inputs, self.reverse_dtype), ops.cast(kernel, self.reverse_dtype)
        logits = ops.matmul(inputs, kernel)
        cap = self.logit_soft_cap
        return logits if cap is None else ops.multiply(ops.tanh(ops.divide(logits, cap)), cap)

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)
