"""`EinsumDense`: activation(einsum(equation, inputs, kernel) + bias)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import initializers, ops, regularizers
from ..arguments import passed
from .adapted import AdaptedLayer
from .input_spec import InputSpec, title


class EinsumDense(AdaptedLayer):
    """activation(einsum(equation, inputs, kernel) + bias).

    Args:
        equation: such as ``abc,cd->abd``, ``...x,xy->...y`` or ``ab...,bc->ac...``.
        output_shape: the result's shape without the batch (and without what ``...`` stands for); None for sizes of the inputs.
        bias_axes: the letters of the result's axes that have a bias; None for no bias.
        kernel_initializer, bias_initializer: where the weights start.
        kernel_regularizer, bias_regularizer, activity_regularizer: losses that training adds.
        kernel_constraint, bias_constraint: what the optimizer applies to the weights after each update.

    Raises:
        NotImplementedError: for quantization.
    """

    equation: str
    activation: Any
    bias_axes: str | None
    kernel_initializer: Any

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.output_shape = list(self.partial_output_shape)
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        shapes = shapes_of_equation(self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape)
        if None in shapes.kernel or (shapes.bias is not None and None in shapes.bias):
            raise ValueError(
                f"{title(self)}: the weights' sizes must be known, got kernel {shapes.kernel} and bias {shapes.bias} "
                f"for inputs of shape {input_shape}. Give these sizes in output_shape, and known ones in the inputs."
            )
        self.input_spec = InputSpec(ndim=len(input_shape))
        self.build_main_weight(shapes.kernel, initializer=self._kernel_initializer_for(shapes))
        if shapes.bias is not None:
            self.bias = self.weight("bias", shapes.bias)
        self.build_lora()

    @property
    def kernel(self) -> Any:
        """The weight, a variable; with LoRA the sum of it and its adaptation, a tensor."""
        return self.adapted()

    def _kernel_initializer_for(self, shapes: EquationShapes) -> Any:
        """Scaled by the numbers of inputs and outputs of the equation, not of the kernel's last two axes."""
        initializer = self.kernel_initializer
        if not isinstance(initializer, initializers.VarianceScaling):
            return initializer
        sizes = [math.prod(shapes.kernel[k] or 1 for k in axes) for axes in (shapes.input_axes, shapes.output_axes)]
        return lambda shape, dtype=None: ops.reshape(initializer(tuple(sizes), dtype), shape)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return shapes_of_equation(self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape).output

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activity_regularizer": regularizers.serialize(self.activity_regularizer)}


class EquationShapes(NamedTuple):
    """What an equation says for inputs of a shape.

    Attributes:
        input_axes: the kernel's axes that are summed over.
        output_axes: the kernel's axes that are in the result.
    """

    kernel: tuple[int | None, ...]
    bias: tuple[int | None, ...] | None
    output: tuple[int | None, ...]
    input_axes: list[int]
    output_axes: list[int]


_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


def shapes_of_equation(
    equation: str, bias_axes: str | None, input_shape: tuple[int | None, ...], output_shape: Sequence[int | None]
) -> EquationShapes:
    """The shapes of weights and result.

    Raises:
        ValueError: for an equation of another form, and for sizes that do not fit.
    """
    match = _EQUATION.fullmatch(equation.replace(" ", ""))
    if match is None or (match[1], match[3]) != (match[5], match[7]) or (match[1] and match[3]):
        raise ValueError(
            f"EinsumDense: the equation must have the form 'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...', got {equation!r}."
        )
    left, inputs, kernel, result = bool(match[1]), match[2], match[4], match[6]
    elided = len(input_shape) - len(inputs)
    if elided < 0 or (elided and not (left or match[3])):
        raise ValueError(f"EinsumDense: the equation {equation!r} does not fit inputs of shape {input_shape}.")
    batch_and_others = input_shape[: max(elided, 1)] if left else input_shape[:1]
    tail = input_shape[len(inputs) :] if not left else ()
    output = (*batch_and_others, *output_shape, *tail)
    if len(output) != len(result) + elided:
        raise ValueError(
            f"EinsumDense: output_shape {tuple(output_shape)} does not fit the equation {equation!r}: with the batch axis "
            f"the result has {len(result) + elided} axes for inputs of shape {input_shape}."
        )
    offset = elided if left else 0
    input_sizes = {letter: input_shape[offset + k] for k, letter in enumerate(inputs)}
    output_sizes = {letter: output[offset + k] for k, letter in enumerate(result)}
    for letter, size in input_sizes.items():
        if output_sizes.get(letter) not in (None, size):
            raise ValueError(
                f"EinsumDense: axis {letter!r} of {equation!r} is {size} in the inputs, {output_sizes[letter]} in output_shape."
            )
    for letter in result:
        if letter not in inputs and letter not in kernel:
            raise ValueError(
                f"EinsumDense: axis {letter!r} of the result of {equation!r} is neither in the inputs nor in the kernel."
            )
    for letter in kernel:
        if letter not in inputs and letter not in result:
            raise ValueError(
                f"EinsumDense: axis {letter!r} of the kernel of {equation!r} is neither in the inputs nor in the result."
            )
    bias = None
    if bias_axes is not None:
        if unknown := set(bias_axes) - set(result):
            raise ValueError(
                f"EinsumDense: bias_axes {bias_axes!r} has {sorted(unknown)}, which the result of {equation!r} has not."
            )
        first = min(result.find(letter) for letter in bias_axes)
        bias = tuple(output_sizes[letter] if letter in bias_axes else 1 for letter in result[first:])
        bias += (1,) * (0 if left else elided)
    return EquationShapes(
        tuple(output_sizes[letter] if letter in output_sizes else input_sizes[letter] for letter in kernel),
        bias,
        output,
        [k for k, letter in enumerate(kernel) if letter not in output_sizes],
        [k for k, letter in enumerate(kernel) if letter in output_sizes],
    )
