"""`MultiHeadAttention`: several attentions side by side, each on its own projections of query, key and value."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
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


class MultiHeadAttention(Layer):
    """Multi-head attention (Vaswani et al. 2017).

    Query, key and value are projected to `num_heads` heads; each head takes the mean of its values with the weights
    softmax(query . key / sqrt(key_dim)), and the heads' results are projected together.

    Args:
        num_heads: the number of heads.
        key_dim: the size of a head's queries and keys.
        value_dim: the size of a head's values; `key_dim` by default.
        dropout: the rate of dropout on the weights of the mean.
        use_bias: whether the projections have biases.
        output_shape: the result's last axis (or axes); the query's by default.
        attention_axes: the axes attended over; by default all but the batch and the features.
        sliding_window: queries see only keys less than this many steps away.
        use_gate: whether the heads' results are multiplied by sigmoid(projection of the query).
        seed: of the dropout.

    Call with query (batch, queries, features), value (batch, keys, features) and optionally key. `attention_mask` is
    (batch, queries, keys), True where a query may see a key. With return_attention_scores=True the weights
    (batch, heads, queries, keys) come second.

    Raises:
        ValueError: for flash_attention=True with dropout.
    """

    supports_masking = True

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: int | Sequence[int] | None = None,
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
        check_positive(self, num_heads=num_heads, key_dim=key_dim)
        check_positive(self, optional=True, value_dim=value_dim, sliding_window=sliding_window)
        self._flash_attention = check_flash(self, flash_attention, dropout)
        if attention_axes is not None and not isinstance(attention_axes, (int, list, tuple)):
            raise ValueError(f"{title(self)}: attention_axes must be an integer or several, got {attention_axes!r}.")
        self.num_heads, self.key_dim, self.value_dim = num_heads, key_dim, value_dim or key_dim
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window = sliding_window
        self._output_shape = None if not output_shape else _as_tuple(output_shape)
        self.attention_axes = None if attention_axes is None else _as_tuple(attention_axes)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.projections_activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"{title(self)}: value and key must be alike but for the last axis, got shapes {value_shape} and {key_shape}."
            )
        self.query_dense = self._projection("query", query_shape, (self.num_heads, self.key_dim))
        self.key_dense = self._projection("key", key_shape, (self.num_heads, self.key_dim))
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, (self.num_heads, self.value_dim), activation="sigmoid")
        self.value_dense = self._projection("value", value_shape, (self.num_heads, self.value_dim))
        self._build_attention(len(query_shape) + 1)
        heads_shape = (*query_shape[:-1], self.num_heads, self.value_dim)
        self.output_dense = self._projection("attention_output", heads_shape, self._output_shape or (query_shape[-1],), taken=2)

    def _projection(self, name: str, shape: Any, sizes: Sequence[int], taken: int = 1, activation: Any = None) -> EinsumDense:
        """A dense layer from the last `taken` axes to axes of these sizes."""
        letters = string.ascii_lowercase
        kept, summed = letters[: len(shape) - taken], letters[len(shape) - taken : len(shape)]
        new = letters[len(shape) : len(shape) + len(sizes)]
        dense = EinsumDense(
            f"{kept}{summed},{summed}{new}->{kept}{new}",
            output_shape=[None] * (len(kept) - 1) + list(sizes),
            activation=activation,
            bias_axes=new if self.use_bias else None,
            name=name,
            **projection_arguments(self, self.projections_activity_regularizer),
        )
        dense.build(tuple(shape))
        return dense

    def _build_attention(self, rank: int) -> None:
        """What attention needs, for projections of that rank: (batch, ..., attended axes, ..., heads, size)."""
        if self.attention_axes is None:
            self.attention_axes = tuple(range(1, rank - 2))
        else:
            self.attention_axes = tuple(axis if axis >= 0 else rank - 1 + axis for axis in self.attention_axes)
        of_query = string.ascii_lowercase[:rank]
        free = iter(string.ascii_lowercase[rank:])
        of_key = "".join(next(free) if k in self.attention_axes else letter for k, letter in enumerate(of_query))
        batch = "".join(of_query[k] for k in range(rank - 1) if k not in self.attention_axes)
        of_scores = batch + "".join(letters[k] for letters in (of_query, of_key) for k in self.attention_axes)
        self._dot_product_equation = f"{of_key},{of_query}->{of_scores}"
        self._combine_equation = f"{of_scores},{of_key}->{of_query}"
        normalized = tuple(range(len(of_scores) - len(self.attention_axes), len(of_scores)))
        self._softmax = Softmax(axis=normalized, dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, dtype=self.dtype_policy, seed=self.seed)

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
        own_attention = type(self)._compute_attention is MultiHeadAttention._compute_attention
        causal_only = use_causal_mask and self.sliding_window is None and own_attention and all(mask is None for mask in masks)
        mask = None if causal_only else combined_mask(query, value, *masks, use_causal_mask, self.sliding_window)
        gate = self._gate_dense(query) if self.use_gate else None
        arguments = (self.query_dense(query), self.key_dense(key), self.value_dense(value), mask, training)
        extra = {"use_causal_mask": True} if causal_only else {}
        outputs, scores = self._compute_attention(*arguments, return_attention_scores, **extra)
        outputs = self.output_dense(outputs if gate is None else ops.multiply(outputs, gate))
        return (outputs, scores) if return_attention_scores else outputs

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        """The heads' results and, if they were computed apart, the weights. Subclasses may attend otherwise."""
        scale = 1.0 / math.sqrt(self.key_dim)
        attended = self.attention_axes or ()
        mask_axis = -2 * len(attended) - 1
        if self.dropout == 0 and not return_attention_scores and ops.ndim(query) == 4 and attended == (1,):
            mask = None if attention_mask is None else spread_to(ops.cast(attention_mask, "bool"), 4, mask_axis)
            options = {"is_causal": use_causal_mask, "flash_attention": self._flash_attention}
            return ops.dot_product_attention(query, key, value, mask=mask, scale=scale, **options), None
        if use_causal_mask:
            causal = causal_mask(query, value)
            attention_mask = causal if attention_mask is None else ops.logical_and(attention_mask, causal)
        scores = ops.einsum(self._dot_product_equation, key, ops.multiply(query, scale))
        if attention_mask is not None:
            attention_mask = spread_to(attention_mask, ops.ndim(scores), mask_axis)
        scores = without_mask(self._softmax(scores, mask=attention_mask))  # its mask is not one of samples
        weights = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return ops.einsum(self._combine_equation, weights, value), scores

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any:  # type: ignore[override]
        return (*query_shape[:-1], *(self._output_shape or query_shape[-1:]))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "output_shape": None if self._output_shape is None else list(self._output_shape),
            "attention_axes": None if self.attention_axes is None else list(self.attention_axes),
            "sliding_window": self.sliding_window,
            **projections_config(self, self.projections_activity_regularizer),
            "seed": self.seed,
        }

    # Subclasses written for Keras reach the projections by these names.

    @property
    def _query_dense(self) -> EinsumDense:
        return self.query_dense

    @property
    def _key_dense(self) -> EinsumDense:
        return self.key_dense

    @property
    def _value_dense(self) -> EinsumDense:
        return self.value_dense

    @property
    def _output_dense(self) -> EinsumDense:
        return self.output_dense


def projection_arguments(layer: Any, activity_regularizer: Any) -> dict[str, Any]:
    """What the projections of an attention layer have in common; each gets initializers of its own."""
    own = {name: getattr(layer, name) for name in ("kernel_initializer", "bias_initializer")}
    return {
        "dtype": layer.dtype_policy,
        "activity_regularizer": activity_regularizer,
        **{name: type(one).from_config(one.get_config()) if hasattr(one, "get_config") else one for name, one in own.items()},
        "kernel_regularizer": layer.kernel_regularizer,
        "bias_regularizer": layer.bias_regularizer,
        "kernel_constraint": layer.kernel_constraint,
        "bias_constraint": layer.bias_constraint,
    }


def projections_config(layer: Any, activity_regularizer: Any) -> dict[str, Any]:
    """The part of an attention layer's config that says how its projections are made."""
    return {
        "kernel_initializer": initializers.serialize(layer.kernel_initializer),
        "bias_initializer": initializers.serialize(layer.bias_initializer),
        "kernel_regularizer": regularizers.serialize(layer.kernel_regularizer),
        "bias_regularizer": regularizers.serialize(layer.bias_regularizer),
        "activity_regularizer": regularizers.serialize(activity_regularizer),
        "kernel_constraint": constraints.serialize(layer.kernel_constraint),
        "bias_constraint": constraints.serialize(layer.bias_constraint),
    }


def check_flash(layer: Layer, flash_attention: bool | None, dropout: float) -> bool | None:
    """The argument flash_attention.

    Raises:
        ValueError: where it is demanded together with dropout, which needs the weights.
    """
    if flash_attention and dropout > 0:
        raise ValueError(
            f"{title(layer)}: flash_attention=True does not go with dropout, got dropout={dropout}. Leave it None."
        )
    return flash_attention


def _as_tuple(given: Any) -> tuple[int, ...]:
    return (given,) if isinstance(given, int) else tuple(given)
