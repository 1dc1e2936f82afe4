"""Nested structures."""

from collections import namedtuple

import pytest

from graphkeras import tree

Point = namedtuple("Point", "x y")
NESTED = {"b": [1, (2, None)], "a": Point(3, {"k": 4})}


def test_flatten_walks_dicts_in_sorted_order():
    assert tree.flatten(NESTED) == [3, 4, 1, 2, None]
    assert tree.flatten(5) == [5]
    assert [path for path, _ in tree.flatten_with_path(NESTED)] == [("a", 0), ("a", 1, "k"), ("b", 0), ("b", 1, 0), ("b", 1, 1)]


def test_pack_undoes_flatten_and_keeps_types_and_key_order():
    packed = tree.pack_sequence_as(NESTED, tree.flatten(NESTED))
    assert packed == NESTED
    assert list(packed) == ["b", "a"] and isinstance(packed["a"], Point) and isinstance(packed["b"][1], tuple)
    with pytest.raises(ValueError, match="5 leaves, got 2"):
        tree.pack_sequence_as(NESTED, [1, 2])


def test_map_structure_calls_in_the_order_of_flatten():
    seen = []
    assert tree.map_structure(lambda x: seen.append(x) or 1, NESTED) == {"b": [1, (1, 1)], "a": Point(1, {"k": 1})}
    assert seen == tree.flatten(NESTED)
    assert tree.map_structure(lambda x, y: x + y, [1, {"a": 2}], [10, {"a": 20}]) == [11, {"a": 22}]
    with pytest.raises(ValueError, match="differ"):
        tree.map_structure(lambda x, y: x, [1, 2], [1, [2]])


def test_shapes_are_leaves_of_a_shape_structure():
    shapes = tree.map_shape_structure(len, [(None, 3), {"a": (1, 2, 3)}])
    assert shapes == [2, {"a": 3}]
