"""A call of `keras.ops` as plain data, and the arrays that most calls use.

This package imports nothing but NumPy, so that real Keras, which lives in another interpreter, can make the same calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Given(NamedTuple):
    """An argument that is made with the library at hand: ``Given(lambda keras: lambda x: keras.ops.add(x, 1))``."""

    make: Callable[[Any], Any]


class Call(NamedTuple):
    """One call.

    Attributes:
        name: what is called: ``add`` is `keras.ops.add`, ``image.resize`` is `keras.ops.image.resize`, ``random.normal`` is
            `keras.random.normal`.
        args, kwargs: its arguments. Every NumPy array among them becomes an input when the call is made on symbols.
        known: arguments (positions or keywords) that stay arrays on symbols, because the result's shape depends on them.
        eager: whether the call works on arrays only, since its result's shape depends on the data.
        values: whether the numbers of the result are settled (those of random functions are not).
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    known: tuple[int | str, ...] = ()
    eager: bool = False
    values: bool = True

    @property
    def path(self) -> str:
        """Its name in Keras's documentation."""
        return f"keras.{self.name}" if self.name.startswith("random.") else f"keras.ops.{self.name}"

    @property
    def label(self) -> str:
        """What it is called, how many operands it has, and the names of its options."""
        return f"{self.name}{len(self.args)}{'-'.join(self.kwargs)}"

    def function(self, keras: Any) -> Callable[..., Any]:
        """What is called, in the library `keras`."""
        found = keras
        for part in self.path.split(".")[1:]:
            found = getattr(found, part)
        return found  # type: ignore[no-any-return]

    def arguments(self, keras: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Its arguments, with everything `Given` made by the library `keras`."""
        args, kwargs = _made(self.args, keras), _made(self.kwargs, keras)
        return args, kwargs

    def make(self, keras: Any) -> Any:
        """Make the call in the library `keras`."""
        args, kwargs = self.arguments(keras)
        return self.function(keras)(*args, **kwargs)


def call(
    name: str,
    *args: Any,
    known: tuple[int | str, ...] = (),
    eager: bool = False,
    values: bool = True,
    **kwargs: Any,
) -> Call:
    """A `Call`, written like the call itself."""
    return Call(name, args, kwargs, known, eager, values)


def draw(*shape: int, low: float = -2.0, high: float = 2.0, dtype: str = "float32", seed: int = 0) -> Array:
    """Numbers in [low, high), the same in every process."""
    numbers = np.random.default_rng([seed, *shape]).uniform(low, high, shape)
    return numbers.astype(dtype)


def _made(argument: Any, keras: Any) -> Any:
    if isinstance(argument, Given):
        return argument.make(keras)
    if type(argument) in (list, tuple):
        return type(argument)(_made(item, keras) for item in argument)
    if isinstance(argument, dict):
        return {key: _made(item, keras) for key, item in argument.items()}
    return argument


A, B, ROW, COLUMN = draw(2, 3, 5), draw(2, 3, 5, seed=1), draw(5), draw(3, 1)
POSITIVE = draw(2, 3, low=0.1, high=3.0)
UNIT = draw(2, 3, low=-0.9, high=0.9)
INTEGERS, COUNTS = draw(2, 3, low=-9, high=9, dtype="int32"), draw(2, 3, low=1, high=5, dtype="int32")
FLAGS, OTHERS = draw(2, 3) > 0, draw(2, 3, seed=1) > 0
M, N, S = draw(3, 4), draw(4, 5), draw(4, 4)
ODD = np.array([1.0, np.nan, np.inf, -np.inf, -0.0], np.float32)
LABELS = np.array([[0, 2], [1, 0]], np.int32)
