"""`AdaptedLayer`: layers whose main weight can be trained as it is, or stay and be adapted by two small matrices (LoRA)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import initializers, ops
from ..variable import Variable
from .input_spec import title
from .own_arguments import OwnArguments, check_positive
from .tracking import count_switch

#: Arguments of Keras's that must be None.
_QUANTIZATION = ("quantization_config", "gptq_unpacked_column_size")


class AdaptedLayer(OwnArguments):
    """The base of layers that have `enable_lora`. A subclass makes its main weight with `build_main_weight`.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021 (arXiv 2106.09685).
    """

    hidden = frozenset(("lora_rank", "lora_alpha", "weights", *_QUANTIZATION))
    #: The name of the main weight.
    main_weight = "kernel"
    lora_rank: int | None = None
    lora_alpha: float | None = None
    _main: Variable | None = None
    _lora_a: Any = None
    _lora_b: Any = None

    def __init__(self, **arguments: Any) -> None:
        quantization = [name for name in _QUANTIZATION if arguments.pop(name, None) is not None]
        super().__init__(**arguments)
        if quantization:
            raise NotImplementedError(f"{title(self)}: quantization is not supported; leave {quantization[0]} None.")
        self._set_lora(self.lora_rank, self.lora_alpha)

    def _set_lora(self, rank: int | None, alpha: float | None) -> None:
        check_positive(self, optional=True, lora_rank=rank)
        self.lora_rank = rank
        self.lora_alpha = alpha if alpha is not None else rank

    def build_main_weight(self, shape: tuple[Any, ...], **more: Any) -> None:
        """Make the weight that LoRA adapts; `more` as for `weight`."""
        self._main = self.weight(self.main_weight, shape, **more)

    def build_lora(self) -> None:
        """The last step of `build`: LoRA, if there is a rank."""
        if self.lora_rank is not None:
            self._adapt(self.lora_rank, self.lora_alpha, "he_uniform", "zeros")

    @property
    def lora_enabled(self) -> bool:
        """Whether the main weight is adapted by two small ones."""
        return self._lora_a is not None

    def adapted(self) -> Any:
        """The main weight, with its adaptation if there is one.

        Raises:
            AttributeError: before the layer is built.
        """
        if self._main is None:
            raise AttributeError(f"{title(self)} has no {self.main_weight} yet: it is made when the layer is built.")
        if not self.lora_enabled:
            return self._main
        return ops.add(self._main, ops.multiply(ops.matmul(self._lora_a, self._lora_b), self.lora_scale))

    @property
    def lora_scale(self) -> float:
        assert self.lora_rank is not None and self.lora_alpha is not None
        return self.lora_alpha / self.lora_rank

    def enable_lora(
        self, rank: int, lora_alpha: float | None = None, a_initializer: Any = "he_uniform", b_initializer: Any = "zeros"
    ) -> None:
        """Freeze the main weight W and train two small ones in its place: W + lora_alpha / rank * A @ B.

        Args:
            rank: the size of the axis that A and B share.
            lora_alpha: the scale; `rank` by default.
            a_initializer, b_initializer: where A and B start; B with zeros, so that nothing changes at first.

        Raises:
            ValueError: before the layer is built, for a second time, for a rank below 1, or with a constraint of the weight.
        """
        if not self.built:
            raise ValueError(f"{title(self)}.enable_lora: build the layer first, or call it on data.")
        if self.lora_enabled:
            raise ValueError(f"{title(self)}.enable_lora: LoRA is enabled already; that can be done once for a layer.")
        self._set_lora(rank, lora_alpha)
        assert self.lora_rank is not None
        self._adapt(self.lora_rank, self.lora_alpha, a_initializer, b_initializer)

    def _adapt(self, rank: int, alpha: float | None, a_initializer: Any, b_initializer: Any) -> None:
        assert self._main is not None
        if self._main.constraint is not None:
            raise ValueError(f"{title(self)}: LoRA does not go with a constraint of the {self.main_weight}.")
        *leading, last = self._main.shape
        stem = f"lora_{self.main_weight}"
        self._lora_a = self.add_weight(
            (*leading, rank), initializers.get(a_initializer), regularizer=self._main.regularizer, name=f"{stem}_a"
        )
        self._lora_b = self.add_weight(
            (rank, last), initializers.get(b_initializer), regularizer=self._main.regularizer, name=f"{stem}_b"
        )
        self._main.trainable = False
        count_switch()

    # ---- files: the adaptation is part of the main weight there --------------------------------------------------------

    def _stored(self) -> list[Variable]:
        small = (self._lora_a, self._lora_b)
        return [v for v in (*self._trainable_variables, *self._non_trainable_variables) if not any(v is one for one in small)]

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the layer's own variables, as a layer without LoRA would have them."""
        for number, variable in enumerate(self._stored()):
            store[str(number)] = ops.convert_to_numpy(self.adapted()) if variable is self._main else variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote; an adaptation starts anew, with nothing changed.

        Raises:
            ValueError: for another number of variables, or another shape.
        """
        own = self._stored()
        if len(store) != len(own):
            raise ValueError(
                f"{title(self)} expects {len(own)} variables ({', '.join(v.path for v in own)}), the file has {len(store)}."
            )
        for number, variable in enumerate(own):
            variable.assign(store[str(number)])
        if self.lora_enabled:
            self._lora_b.assign(ops.zeros(self._lora_b.shape, self._lora_b.dtype))

    def arguments_config(self) -> dict[str, Any]:
        """Its arguments as JSON-ready data; those about LoRA only if it is enabled, as in Keras."""
        adaptation = {} if self.lora_rank is None else {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return {**super().arguments_config(), **adaptation}
