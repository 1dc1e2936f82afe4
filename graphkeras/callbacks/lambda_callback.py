"""`LambdaCallback`: a callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .callback import HOOKS, Callback


class LambdaCallback(Callback):
    """Calls the given functions; each has the arguments of the method of that name.

    Raises:
        TypeError: for a name that is no moment of a callback.

    Example:

    ```python
    LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    ```
    """

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        super().__init__()
        unknown = [name for name in functions if name not in HOOKS]
        if unknown:
            raise TypeError(f"LambdaCallback: there is no moment {', '.join(unknown)}; there are {', '.join(HOOKS)}.")
        for name, function in functions.items():
            if function is not None:
                setattr(self, name, function)
