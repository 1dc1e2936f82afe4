"""`Input` and `InputLayer`: where a functional model starts."""

from __future__ import annotations

from typing import Any

from ..dtypes import tensor_dtype
from ..naming import auto_name
from ..operation import record
from ..tensor import KerasTensor
from .input_spec import InputSpec, title
from .layer import Layer


class InputLayer(Layer):
    """A place where data enters a model.

    Args:
        shape: sizes of one sample; None for a size that may change.
        batch_size: the number of samples, if it is fixed.
        dtype: the default float by default; "string" for strings.
        batch_shape: `shape` with the batch in front; give one of them.
        input_tensor: a tensor to use in place of a new one.
        optional: whether None may be given.
        name: the name of the input.

    Raises:
        ValueError: without a shape, or with both.
        TypeError: for a tensor that is not symbolic.
        NotImplementedError: for sparse or ragged inputs.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        legacy = {key: kwargs.pop(key) for key in ("input_shape", "batch_input_shape") if key in kwargs}
        if kwargs:
            raise ValueError(f"{title(self)}: unknown argument {', '.join(kwargs)}.")
        shape = legacy.get("input_shape", shape)
        batch_shape = legacy.get("batch_input_shape", batch_shape)
        if sparse or ragged:
            raise NotImplementedError(f"{title(self)}: there are no sparse or ragged tensors; feed dense arrays.")
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise TypeError(
                    f"{title(self)}: the tensor of an input must be symbolic, got {type(input_tensor).__name__}. Arrays go "
                    "into the model when it is called."
                )
            self._tensor = input_tensor
            batch_shape = input_tensor.shape
            dtype = dtype or input_tensor.dtype
        elif (shape is None) == (batch_shape is None):
            raise ValueError(
                f"{title(self)}: give shape (of one sample, such as (784,)) or batch_shape (such as (None, 784)), one of them."
            )
        if batch_shape is None:
            batch_shape = (batch_size, *_sizes(shape, self))
        self.batch_shape = _sizes(batch_shape, self)
        self._input_dtype = tensor_dtype(dtype)
        self.optional = optional
        if input_tensor is None:
            self._tensor = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        self.built = True
        self.input_spec = InputSpec(shape=self.batch_shape, optional=optional)
        record(self, (), {}, self._tensor)

    @property
    def dtype(self) -> str:
        return self._input_dtype

    @property
    def output(self) -> Any:
        return self._tensor

    def call(self) -> Any:
        return self._tensor

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Any:
    """A symbolic tensor that stands for the data a model is fed with.

    Args:
        shape: sizes of one sample, such as ``(784,)``; None for a size that may change, ``(None, 8)``.
        batch_size: the number of samples, if it is fixed.
        dtype: the default float by default.
        batch_shape: `shape` with the batch in front; give one of them.
        name: the name of the input.

    Example:

    ```python
    x = keras.Input((784,))
    y = keras.layers.Dense(10, activation="softmax")(x)
    model = keras.Model(x, y)
    ```
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name or auto_name("InputLayer"))
    return layer.output


def _sizes(shape: Any, layer: Any) -> tuple[int | None, ...]:
    """Checked sizes.

    Raises:
        ValueError: for something else than a sequence of positive numbers and None.
    """
    shape = (shape,) if isinstance(shape, int) else shape
    sizes: tuple[Any, ...] = tuple(shape)
    for size in sizes:
        if not (size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)):
            raise ValueError(f"{title(layer)}: a shape is made of numbers and None, got {sizes}.")
    return sizes
