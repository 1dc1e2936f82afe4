"""Finding a thing by the name a user wrote: the one place where an unknown name gets its error."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def lookup(kind: str, identifier: str, table: Mapping[str, T]) -> T:
    """`table[identifier]`; where it is missing, a ValueError with the near matches and the way to see all names.

    `kind` is the plain word for what is looked for: "activation", "loss", "optimizer".

    >>> lookup("activation", "relu", {"relu": max})
    <built-in function max>
    """
    if identifier in table:
        return table[identifier]
    raise ValueError(unknown_name(kind, identifier, table))


def unknown_name(kind: str, identifier: str, table: Mapping[str, object]) -> str:
    """The message for a name that `table` does not hold."""
    by_lower = {name.lower(): name for name in sorted(table)}
    near = difflib.get_close_matches(identifier.lower(), by_lower, n=4, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(by_lower[name]) for name in near)}? " if near else ""
    article = "an" if kind[:1] in "aeiou" else "a"
    return (
        f"{identifier!r} is not the name of {article} {kind}. {hint}"
        f"Known names: {', '.join(sorted(table, key=str.lower))}. "
        f"You may also pass {article} {kind} object, or give your own class or function by name through custom_objects."
    )
