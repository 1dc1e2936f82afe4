"""`GroupQueryAttention`: heads of queries in groups, each of which shares one head of keys and values."""

from __future__ import annotations

import math
from typing import Any

from ... import constraints, initializers, ops, regularizers
from ...masks import without_mask
from ..activation_layers import Softmax
from ..einsum_dense import EinsumDense
from ..input_spec import title
from ..layer import Layer
from ..own_arguments import check_positive
from ..regularization import Dropout
from .masks import causal_mask, combined_mask, spread_to
from .multi_head_attention import check_flash, projection_arguments, projections_config


class GroupedQueryAttention(Layer):
    """Grouped-query attention (Ainslie et al. 2023): `num_query_heads` heads over `num_key_value_heads` keys and values.

    Args:
        head_dim: the size of a head.
        num_query_heads: the number of heads; a multiple of `num_key_value_heads`.
        num_key_value_heads: the number of heads of keys and values.
        dropout: the rate of dropout on the weights of the mean.
        use_bias: whether the projections have biases.
        sliding_window: queries see only keys less than this many steps away.
        use_gate: whether the heads' results are multiplied by sigmoid(projection of the query).
        seed: of the dropout.

    It is called as `MultiHeadAttention` is.

    Raises:
        ValueError: if the heads cannot be grouped.
        ValueError: for flash_attention=True with dropout.
    """

    supports_masking = True

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive(self, head_dim=head_dim, num_query_heads=num_query_heads, num_key_value_heads=num_key_value_heads)
        check_positive(self, optional=True, sliding_window=sliding_window)
        self._flash_attention = check_flash(self, flash_attention, dropout)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"{title(self)}: num_query_heads must be a multiple of num_key_value_heads, got {num_query_heads} and "
                f"{num_key_value_heads}."
            )
        self.head_dim, self.num_query_heads, self.num_key_value_heads = head_dim, num_query_heads, num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window = sliding_window
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.projections_activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        self.feature_dim = query_shape[-1]
        self._query_dense = self._projection("query", "bqm,muh->bquh", query_shape, self.num_query_heads)
        self._key_dense = self._projection("key", "bkm,mvh->bkvh", key_shape, self.num_key_value_heads)
        if self.use_gate:
            self._gate_dense = self._projection("gate", "bqm,muh->bquh", query_shape, self.num_query_heads, "sigmoid")
        self._value_dense = self._projection("value", "bkm,mvh->bkvh", value_shape, self.num_key_value_heads)
        self._softmax = Softmax(axis=-1, dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, dtype=self.dtype_policy, seed=self.seed)
        self._output_dense = EinsumDense(
            "bquh,uhm->bqm",
            output_shape=(None, self.feature_dim),
            bias_axes="m" if self.use_bias else None,
            name="attention_output",
            **projection_arguments(self, self.projections_activity_regularizer),
        )
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _projection(self, name: str, equation: str, shape: Any, heads: int, activation: Any = None) -> EinsumDense:
        dense = EinsumDense(
            equation,
            output_shape=(None, heads, self.head_dim),
            activation=activation,
            bias_axes=equation[-2:] if self.use_bias else None,
            name=name,
            **projection_arguments(self, self.projections_activity_regularizer),
        )
        dense.build(tuple(shape))
        return dense

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value, key = (without_mask(x) for x in (query, value, value if key is None else key))
        masks = (query_mask, value_mask, key_mask, attention_mask)
        causal_only = use_causal_mask and self.sliding_window is None and all(mask is None for mask in masks)
        mask = None if causal_only else combined_mask(query, value, *masks, use_causal_mask, self.sliding_window)
        gate = self._gate_dense(query) if self.use_gate else None
        heads = (self._query_dense(query), self._key_dense(key), self._value_dense(value))
        if self.dropout > 0 or return_attention_scores:
            if causal_only:
                mask = causal_mask(query, value)
            outputs, scores = self._attend_in_steps(*heads, mask, training)
        else:
            mask = None if mask is None else spread_to(ops.cast(mask, "bool"), 4, -3)
            scale = 1.0 / math.sqrt(self.head_dim)
            options = {"is_causal": causal_only, "flash_attention": self._flash_attention}
            outputs, scores = ops.dot_product_attention(*heads, mask=mask, scale=scale, **options), None
        outputs = self._output_dense(outputs if gate is None else ops.multiply(outputs, gate))
        return (outputs, scores) if return_attention_scores else outputs

    def _attend_in_steps(self, query: Any, key: Any, value: Any, mask: Any, training: bool | None) -> tuple[Any, Any]:
        """The heads' results and the weights, before dropout."""
        key, value = (ops.repeat(x, self.num_repeats, axis=2) for x in (key, value))
        scores = ops.einsum("bquh,bkuh->buqk", ops.multiply(query, 1.0 / math.sqrt(self.head_dim)), key)
        scores = without_mask(self._softmax(scores, mask=None if mask is None else spread_to(mask, 4, -3)))
        weights = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return ops.einsum("buqk,bkuh->bquh", weights, value), scores

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any:  # type: ignore[override]
        return tuple(query_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "sliding_window": self.sliding_window,
            "dropout": self.dropout,
            **projections_config(self, self.projections_activity_regularizer),
            "seed": self.seed,
        }


#: Its public name in Keras.
GroupQueryAttention = GroupedQueryAttention
