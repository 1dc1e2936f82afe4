"""`Attention` and `AdditiveAttention`: one head, without projections."""

from __future__ import annotations

from typing import Any

from ... import ops, random
from ...arguments import passed
from ..input_spec import title
from ..own_arguments import OwnArguments
from .masks import causal_mask


class Attention(OwnArguments):
    """For each query the mean of the values, with the weights softmax(scores of the query and the keys).

    Args:
        use_scale: whether scores are multiplied by a variable.
        score_mode: ``"dot"``: the dot product; ``"concat"``: a variable times the sum of tanh(query + key).
        dropout: the rate of dropout on the weights of the mean.
        seed: of the dropout.

    Call it on [query, value] or [query, value, key], of shapes (batch, queries, size) and (batch, keys, size). `mask` is
    [query_mask, value_mask]; values whose mask is False are not taken, results of queries whose mask is False are 0.

    Raises:
        ValueError: for another score_mode, and inputs that are no such list.
    """

    supports_masking = True

    use_scale: bool
    score_mode: str
    dropout: float
    seed: Any

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**passed(locals()))
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{title(self)}: score_mode must be 'dot' or 'concat', got {score_mode!r}.")
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        self._check("inputs", input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _check(self, name: str, given: Any) -> None:
        if not isinstance(given, (list, tuple)) or len(given) not in (2, 3) or isinstance(given[0], int):
            raise ValueError(f"{title(self)}: {name} must be a list for [query, value] or [query, value, key], got {given!r}.")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Of each query with each key: (batch, queries, keys)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        sums = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        sums = sums if self.scale is None else ops.multiply(self.scale, sums)
        return ops.multiply(self.concat_score_weight, ops.sum(ops.tanh(sums), axis=-1))

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check("inputs", inputs)
        if mask is not None:
            self._check("mask", mask)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self._calculate_scores(query, key)
        allowed = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            causal = causal_mask(query, key)
            allowed = causal if allowed is None else ops.logical_and(allowed, causal)
        if allowed is not None:
            lowered = ops.subtract(scores, 65504.0 if ops.dtype(scores) == "float16" else 1e9)
            scores = ops.where(allowed, scores, lowered)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(ops.cast(query_mask, "bool"), -1), outputs, ops.zeros_like(outputs))
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The query's mask."""
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], input_shape[1][-1])


class AdditiveAttention(Attention):
    """`Attention` with the scores sum(scale * tanh(query + key)) (Bahdanau et al. 2015); `scale` is a variable per feature.

    Args:
        use_scale: whether there is such a variable.
        dropout: the rate of dropout on the weights of the mean.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))

    def build(self, input_shape: Any) -> None:
        self._check("inputs", input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        sums = ops.tanh(ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3)))
        return ops.sum(sums if self.scale is None else ops.multiply(self.scale, sums), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
