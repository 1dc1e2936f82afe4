"""Readable, unique names for the values and nodes of an ONNX model."""

from __future__ import annotations

from ..provenance import Origin


class Names:
    """Hands out every name once: ``dense/MatMul``, then ``dense/MatMul_1``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, hint: str) -> str:
        """`hint`, with a number behind it if it is taken."""
        name = hint or "value"
        while name in self._taken:
            self._next[hint] = self._next.get(hint, 0) + 1
            name = f"{hint}_{self._next[hint]}"
        self._taken.add(name)
        return name


def namespace(origin: Origin) -> str:
    """The folder that a node is shown in: its layer path; gradients of a layer have a folder of their own in it."""
    parts = [origin.scope, "gradient" if origin.forward else ""]
    return "/".join(part for part in parts if part)
