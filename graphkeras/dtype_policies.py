"""`keras.dtype_policies`: which dtype a layer keeps its variables in and which it computes in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graphkeras.compiler.types import DTYPES, FLOATS

#: The name of the policy for those who name none; `config`, which knows it, sets this.
default_name: Callable[[], str] = partial(str, "float32")


class DTypePolicy:
    """The dtypes of a layer.

    Args:
        name: a dtype such as ``"float32"`` for both, or ``"mixed_float16"`` / ``"mixed_bfloat16"`` for computing in
            16 bits with variables in float32. That of `config.dtype_policy()` by default.

    Raises:
        ValueError: for another name.
    """

    def __init__(self, name: str | None = None) -> None:
        name = default_name() if name is None else name
        if name in ("mixed_float16", "mixed_bfloat16"):
            compute, variable = name.removeprefix("mixed_"), "float32"
        elif name in DTYPES:
            compute = variable = name
        else:
            allowed = ", ".join((*FLOATS, "mixed_float16", "mixed_bfloat16"))
            raise ValueError(f"Unknown dtype policy {name!r}; use a dtype or a mixed policy: {allowed}.")
        self._name, self._compute_dtype, self._variable_dtype = name, compute, variable

    @property
    def name(self) -> str:
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the layer's weights."""
        return self._variable_dtype

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def get(identifier: Any) -> DTypePolicy:
    """A policy from a policy, a name or a config.

    Raises:
        ValueError: for something else.
    """
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy.from_config(identifier.get("config", identifier))
    name = identifier if isinstance(identifier, str) else getattr(identifier, "name", None)
    name = name or getattr(identifier, "__name__", None)
    if not isinstance(name, str):
        raise ValueError(f"A dtype policy is a DTypePolicy, a name or a config, got {identifier!r}.")
    return DTypePolicy(name)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as Keras writes it into files."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": dtype_policy.get_config(), "registered_name": None}


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """The policy of a config from a file."""
    return get(config)
