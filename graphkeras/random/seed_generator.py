"""`SeedGenerator`: the source of the keys that random functions draw from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import seeding
from ..trace import eager
from ..variable import Variable


class SeedGenerator:
    """Gives a new key each time; its state is part of the program, so a compiled step draws new numbers in every run.

    Args:
        seed: an integer from 0 to 2**32 - 1, or None for a fresh one.
        name: the name of the state.

    Attributes:
        state: a variable of two 32-bit numbers: the seed and how many keys were given out.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise TypeError(f"SeedGenerator takes seed and name, got {', '.join(kwargs)}.")
        self._given_seed = seed
        self.name = name or "seed_generator"
        self._seed = seeding.checked_seed(seed, "SeedGenerator")
        with eager():
            self.state = Variable(seeding.key_of(self._seed), dtype="uint32", trainable=False, name=f"{self.name}_state")

    @property
    def seed(self) -> int:
        return self._seed

    def next(self, ordered: bool = True) -> Any:
        """A key that was not given out before, of dtype uint32 and shape (2,)."""
        key = self.state.value
        self.state.assign(self.state + np.array([0, 1], np.uint32))
        return key

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._given_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        return cls(**config)


class GlobalSeedGenerator:
    """The generator of random functions that are called without a seed; starts anew with every `set_random_seed`."""

    def __init__(self) -> None:
        self._generation = -1
        self._generator: SeedGenerator | None = None

    def next(self) -> Any:
        if self._generator is None or self._generation != seeding.seed_generation():
            self._generation = seeding.seed_generation()
            self._generator = SeedGenerator(name="global_seed_generator")
        return self._generator.next()


_global = GlobalSeedGenerator()


def draw_key(seed: Any) -> Any:
    """The key for a draw: of an integer always the same, of a `SeedGenerator` or the global one (None) a new one.

    Raises:
        ValueError: for anything else.
    """
    if seed is None:
        return _global.next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    return seeding.key_of(seeding.checked_seed(seed, "random"))
