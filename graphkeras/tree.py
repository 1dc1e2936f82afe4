"""`keras.tree`: nested lists, tuples and dicts. Dicts are walked in the order of their sorted keys; None is a leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

Path = tuple[Any, ...]


def is_nested(structure: Any) -> bool:
    """Whether it is a list, a tuple or a dict."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """The leaves, from left to right."""
    if isinstance(structure, dict):
        return [leaf for key in sorted_keys(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in flatten(item)]
    return [structure]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """(path, leaf) pairs; a path holds the keys and positions that lead to the leaf."""
    return [((), structure)] if not is_nested(structure) else list(_walk(structure))


def _walk(structure: Any) -> Iterator[tuple[Path, Any]]:
    for key, item in _items(structure):
        for path, leaf in flatten_with_path(item):
            yield (key, *path), leaf


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The same structure with func(leaf, ...) in place of every leaf, called in the order of `flatten`; leaves of
    several structures go together.

    Raises:
        ValueError: if the structures differ.
    """
    if not structures:
        raise ValueError("tree.map_structure: give at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)

    def apply(*leaves: Any) -> Any:
        return None if not none_is_leaf and leaves[0] is None else func(*leaves)

    return _map(apply, structures)


def _map(function: Callable[..., Any], structures: Sequence[Any]) -> Any:
    first = structures[0]
    if isinstance(first, dict):
        mapped = {key: _map(function, [s[key] for s in structures]) for key in sorted_keys(first)}
        return type(first)((key, mapped[key]) for key in first)
    if isinstance(first, (list, tuple)):
        return _rebuilt(first, [_map(function, items) for items in zip(*structures)])
    return function(*structures)


class _MapToNone:
    """The type of `MAP_TO_NONE`."""

    def __repr__(self) -> str:
        return "tree.MAP_TO_NONE"


#: What a function returns to `traverse` to put None in place of a part.
MAP_TO_NONE = _MapToNone()


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Call func(part) for the structure, for every structure in it and for every leaf.

    Args:
        func: what it returns takes the part's place; None leaves it, `MAP_TO_NONE` makes it None.
        structure: the structure.
        top_down: whether a structure comes before its items, which are then visited only if func returned None for it.

    Returns:
        The structure with the replacements.

    Raises:
        TypeError: if `func` cannot be called.
    """
    if not callable(func):
        raise TypeError(f"tree.traverse: func must be callable, got {func!r}.")
    if top_down and (found := func(structure)) is not None:
        return None if found is MAP_TO_NONE else found
    if is_nested(structure):
        items = {key: traverse(func, item, top_down) for key, item in _items(structure)}
        if isinstance(structure, dict):
            structure = type(structure)((key, items[key]) for key in structure)
        else:
            structure = _rebuilt(structure, list(items.values()))
    if not top_down and (found := func(structure)) is not None:
        return None if found is MAP_TO_NONE else found
    return structure


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """func(part, ...) for the parts of `structures` that stand where `shallow_structure` has its leaves.

    Raises:
        ValueError: if one of `structures` does not begin like `shallow_structure`.
        TypeError: for no structure, or if `func` cannot be called.
    """
    if not structures or not callable(func):
        raise TypeError("tree.map_structure_up_to takes a shallow structure, a function, and at least one structure.")
    parts = [_up_to(shallow_structure, structure) for structure in structures]
    return pack_sequence_as(shallow_structure, [func(*leaves) for leaves in zip(*parts, strict=True)])


def _up_to(shallow: Any, structure: Any) -> list[Any]:
    """The parts of `structure` that stand where `shallow` has leaves."""
    if not is_nested(shallow):
        return [structure]
    alike = type(shallow) is type(structure) or (isinstance(shallow, dict) and isinstance(structure, dict))
    if not alike or len(shallow) != len(structure) or (isinstance(shallow, dict) and set(shallow) != set(structure)):
        raise ValueError(f"tree.map_structure_up_to: the structure must begin like\n  {_shown(shallow)}\ngot\n  {structure!r}")
    return [part for key, item in _items(shallow) for part in _up_to(item, structure[key])]


def assert_same_paths(a: Any, b: Any) -> None:
    """Do nothing if the leaves of `a` and `b` have the same paths: lists and tuples are alike.

    Raises:
        ValueError: otherwise; names the paths that only one of them has.
    """
    first, second = ({path for path, _ in flatten_with_path(structure)} for structure in (a, b))
    if first != second:
        sides = [f"only {name} has {sorted(map(str, own - other))}" for name, own, other in
                 (("a", first, second), ("b", second, first)) if own - other]  # fmt: skip
        raise ValueError(f"tree.assert_same_paths: {'; '.join(sides)}.")


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """The leaves of `flat_sequence` in the structure of `structure`.

    Raises:
        ValueError: if their numbers differ.
    """
    leaves = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(leaves) != wanted:
        raise ValueError(f"tree.pack_sequence_as: the structure has {wanted} leaves, got {len(leaves)}.")
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], leaves) for key in sorted_keys(structure)}
        return type(structure)((key, packed[key]) for key in structure)
    if isinstance(structure, (list, tuple)):
        return _rebuilt(structure, [_pack(item, leaves) for item in structure])
    return next(leaves)


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Do nothing if `a` and `b` differ in their leaves only. A list and a tuple differ.

    Args:
        check_types: not used; an argument of older Keras.

    Raises:
        ValueError: otherwise; shows both.
    """
    if not _same(a, b):
        raise ValueError(f"The structures differ:\n  {_shown(a)}\n  {_shown(b)}")


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and set(a) == set(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        kind = tuple if isinstance(a, tuple) else list
        return isinstance(b, kind) and len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b))
    return not is_nested(b)


def _shown(structure: Any) -> str:
    return str(_map(lambda leaf: "*", [structure])).replace("'*'", "*")


def lists_to_tuples(structure: Any) -> Any:
    """The same with tuples for lists."""
    if isinstance(structure, dict):
        return {key: lists_to_tuples(item) for key, item in structure.items()}
    return tuple(lists_to_tuples(item) for item in structure) if isinstance(structure, (list, tuple)) else structure


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Like `map_structure`, but a tuple or list of numbers and None is a shape and so a leaf."""
    if isinstance(structure, (list, tuple)) and all(size is None or isinstance(size, int) for size in structure):
        return func(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shape_structure(func, item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return _rebuilt(structure, [map_shape_structure(func, item) for item in structure])
    raise ValueError(f"tree.map_shape_structure: {structure!r} is neither a shape nor a structure of shapes.")


def _items(structure: Any) -> list[tuple[Any, Any]]:
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted_keys(structure)]
    return list(enumerate(structure))


def sorted_keys(structure: dict[Any, Any]) -> list[Any]:
    """The keys in the order in which a dict's leaves are walked."""
    try:
        return sorted(structure)
    except TypeError:  # keys of different types keep their order
        return list(structure)


def _rebuilt(like: Any, items: list[Any]) -> Any:
    """`items` as a list, tuple or named tuple of the type of `like`."""
    if hasattr(like, "_fields"):
        return type(like)(*items)
    return items if type(like) is list else tuple(items) if type(like) is tuple else type(like)(items)
