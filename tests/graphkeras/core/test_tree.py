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


def test_traverse_visits_structures_and_leaves():
    seen = []
    assert tree.traverse(seen.append, [(1, 2), [3], {"b": 5, "a": 4}]) == [(1, 2), [3], {"b": 5, "a": 4}]
    assert seen == [[(1, 2), [3], {"b": 5, "a": 4}], (1, 2), 1, 2, [3], 3, {"b": 5, "a": 4}, 4, 5]
    seen.clear()
    tree.traverse(seen.append, [(1, 2), 3], top_down=False)
    assert seen == [1, 2, (1, 2), 3, [(1, 2), 3]]
    stop_at_tuples = tree.traverse(lambda part: "tuple" if isinstance(part, tuple) else None, [(1, (2,)), 3])
    assert stop_at_tuples == ["tuple", 3]
    nothing = tree.traverse(lambda part: tree.MAP_TO_NONE if part == 3 else None, {"a": 3, "b": [3, 4]}, top_down=False)
    assert nothing == {"a": None, "b": [None, 4]}
    with pytest.raises(TypeError, match="func must be callable"):
        tree.traverse(3, [])


def test_map_structure_up_to_keeps_what_is_deeper():
    assert tree.map_structure_up_to([None, None], len, [[1, 1], [2, 2, 2]]) == [2, 3]
    assert tree.map_structure_up_to({"a": 0, "b": (0,)}, lambda x, y: (x, y), {"b": (1,), "a": [2]}, {"a": 3, "b": (4,)}) == {
        "a": ([2], 3),
        "b": ((1, 4),),
    }
    for wrong in ([[1, 1]], 3, ([1], [2])):
        with pytest.raises(ValueError, match="must begin like"):
            tree.map_structure_up_to([None, None], len, wrong)
    with pytest.raises(TypeError, match="at least one structure"):
        tree.map_structure_up_to([None], len)


def test_assert_same_paths_takes_lists_for_tuples():
    tree.assert_same_paths([0, {"a": (1, 2)}], (3, {"a": [4, 5]}))
    with pytest.raises(ValueError, match=r"only a has .*1.*; only b has .*'b'"):
        tree.assert_same_paths([0, 1], {"b": 2})
