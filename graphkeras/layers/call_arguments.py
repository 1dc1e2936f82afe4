"""The arguments of a layer call: which are tensors, which mode they ask for, and their conversion."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphkeras.compiler.provenance import user_source
from graphkeras.compiler.types import DTYPES, FLOATS, STRING, numpy_dtype

from .. import tree
from ..host import strings
from ..ops import cast
from ..tensor import KerasTensor
from ..variable import Variable
from .input_spec import title

_SIGNATURES: dict[Any, inspect.Signature] = {}


def signature_of(layer: Any) -> inspect.Signature:
    """The signature of the layer's `call`, without self."""
    function = type(layer).call
    if function not in _SIGNATURES:
        _SIGNATURES[function] = inspect.signature(layer.call)
    return _SIGNATURES[function]


@dataclass
class CallArguments:
    """What a layer was called with.

    Attributes:
        layer: the layer.
        signature: of its `call`.
        args, keywords: as given; `training` and `mask` are left out if `call` does not take them.
    """

    layer: Any
    signature: inspect.Signature
    args: tuple[Any, ...]
    keywords: dict[str, Any]

    def __post_init__(self) -> None:
        self.explicit_training = self.keywords.get("training")
        if not self._takes_any:
            dropped = {"training", "mask"} - set(self.signature.parameters)
            self.keywords = {key: value for key, value in self.keywords.items() if key not in dropped}

    @property
    def _takes_any(self) -> bool:
        return any(p.kind is p.VAR_KEYWORD for p in self.signature.parameters.values())

    @cached_property
    def leaves(self) -> list[Any]:
        return tree.flatten((self.args, self.keywords))

    @property
    def is_symbolic(self) -> bool:
        return any(isinstance(leaf, KerasTensor) for leaf in self.leaves)

    @property
    def first(self) -> Any:
        """The first argument: the inputs."""
        return self.args[0] if self.args else next(iter(self.keywords.values()), None)

    @cached_property
    def bound(self) -> dict[str, Any]:
        """Arguments by the names of parameters.

        Raises:
            TypeError: if they do not fit the signature.
        """
        try:
            return dict(self.signature.bind(*self.args, **self.keywords).arguments)
        except TypeError as error:
            takes = ", ".join(self.signature.parameters)
            raise TypeError(f"{title(self.layer)} is called with ({takes}): {error}.\n  at {user_source()}") from None

    @property
    def tensor_arguments(self) -> dict[str, Any]:
        """The arguments that are tensors or structures of them."""
        return {
            name: value
            for name, value in self.bound.items()
            if (leaves := tree.flatten(value)) and all(is_tensor(leaf) for leaf in leaves)
        }

    def training(self, outer: bool | None) -> bool | None:
        """The mode: as given here, else as in the layer around, else the default of `call`."""
        if self.explicit_training is not None:
            return bool(self.explicit_training)
        if outer is not None:
            return outer
        parameter = self.signature.parameters.get("training")
        return None if parameter is None or parameter.default is parameter.empty else parameter.default

    def keywords_with(self, training: bool | None) -> dict[str, Any]:
        """The keywords for `call`, with the mode if it takes one."""
        parameters = self.signature.parameters
        if "training" not in parameters or training is None:
            return self.keywords
        if "training" in self.bound and "training" not in self.keywords:  # given by position
            return self.keywords
        return {**self.keywords, "training": training}

    def described(self) -> str:
        """The inputs for messages: ``float32[batch,7]``."""
        return ", ".join(_described(leaf) for leaf in tree.flatten(self.args)) or "nothing"


def converted(layer: Any, given: CallArguments) -> CallArguments:
    """Arrays and tensors as the layer takes them: floats in its compute dtype.

    Raises:
        ValueError: for a positional argument that is no tensor.
        TypeError: for an array of something else than numbers.
    """
    for leaf in tree.flatten(given.args):
        if not (leaf is None or is_tensor(leaf) or is_foreign_array(leaf)):
            raise ValueError(
                f"{title(layer)}: only tensors and arrays may be given by position, got {type(leaf).__name__}: {leaf!r}. "
                "Pass numbers as numpy.array([...]), and other arguments by keyword.\n"
                f"  at {user_source()}"
            )
    args, keywords = tree.map_structure(lambda leaf: _converted(layer, leaf), (given.args, given.keywords))
    return CallArguments(layer, given.signature, args, keywords)


def _converted(layer: Any, leaf: Any) -> Any:
    if isinstance(leaf, (np.ndarray, np.generic)) or is_foreign_array(leaf):
        leaf = _array(layer, leaf)
        if leaf.dtype.name not in DTYPES:
            if takes_strings(layer) and (found := strings(leaf)) is not None:
                return found
            raise TypeError(
                f"{title(layer)}: input has dtype {leaf.dtype}; a tensor is made of numbers. Convert it first, for example "
                f"with x.astype('float32').\n  at {user_source()}"
            )
        wanted = layer.compute_dtype
        casts = layer.autocast and leaf.dtype.name in FLOATS and wanted in FLOATS
        return leaf.astype(numpy_dtype(wanted), copy=False) if casts else leaf
    if isinstance(leaf, KerasTensor) and leaf.dtype == STRING and not takes_strings(layer):
        raise TypeError(
            f"{title(layer)}: takes numbers, got strings ({leaf!r}). Put a layer in front that turns strings into numbers: "
            f"StringLookup, TextVectorization or Hashing.\n  at {user_source()}"
        )
    if isinstance(leaf, KerasTensor) and layer.autocast and leaf.dtype in FLOATS and layer.compute_dtype in FLOATS:
        return leaf if leaf.dtype == layer.compute_dtype else cast(leaf, layer.compute_dtype)
    return leaf


def _array(layer: Any, leaf: Any) -> np.ndarray[Any, Any]:
    """The numbers of an array of any library."""
    try:
        return np.asarray(leaf)
    except (TypeError, RuntimeError) as error:  # symbols of JAX; tensors of PyTorch that require gradients
        raise TypeError(
            f"{title(layer)}: {type(leaf).__name__} has no numbers for NumPy ({str(error).splitlines()[0]}). Layers take NumPy "
            "arrays and what converts to them; derivatives of other libraries do not pass through: use graphkeras.gradients."
            f"\n  at {user_source()}"
        ) from error


def takes_strings(layer: Any) -> bool:
    """Whether the layer, or one in it, turns strings into numbers."""
    return getattr(type(layer), "takes_strings", False) or any(takes_strings(inner) for inner in layer._layers)


def is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, (KerasTensor, Variable, np.ndarray, np.generic))


def is_foreign_array(leaf: Any) -> bool:
    """Whether it is a tensor of another library, or a data frame: NumPy can ask it for its numbers."""
    return hasattr(type(leaf), "__array__") and not is_tensor(leaf)


def _described(leaf: Any) -> str:
    if isinstance(leaf, KerasTensor):
        return str(leaf.value.type)
    if isinstance(leaf, (np.ndarray, np.generic, Variable)):
        return f"{leaf.dtype}{list(leaf.shape)}".replace(" ", "")
    return repr(leaf)
