"""Names of layers, variables and operations that users did not name: ``dense``, ``dense_1``, ..."""

from __future__ import annotations

import re
from collections import Counter

_used: Counter[str] = Counter()


def to_snake_case(name: str) -> str:
    """``BatchNormalization`` -> ``batch_normalization``, ``Conv2DTranspose`` -> ``conv2d_transpose``, ``ReLU`` -> ``re_lu``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """A name that this process has not given out yet: the snake-cased prefix, from the second time with a number."""
    stem = to_snake_case(prefix)
    number = _used[stem]
    _used[stem] += 1
    return f"{stem}_{number}" if number else stem


def get_uid(prefix: str = "") -> int:
    """1, 2, ... for each call with the same prefix; shared with `auto_name`."""
    _used[prefix] += 1
    return _used[prefix]


def reset_names() -> None:
    """Start numbering anew."""
    _used.clear()
