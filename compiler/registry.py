"""The table of operations, filled by the classes of `compiler.ops` as they are defined.

``ops.relu(x)`` calls the registered operation; rules use it so that one op's file needs no other op's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ops.base import Op

OPS: dict[str, Op] = {}


class _Ops:
    """Every registered operation as an attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            return OPS[name]
        except KeyError:
            raise AttributeError(f"There is no op {name!r} in the registry.") from None

    def __dir__(self) -> list[str]:
        return sorted(OPS)


ops = _Ops()
