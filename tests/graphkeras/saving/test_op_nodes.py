"""Operations of a functional model are written as Keras names them."""

import numpy as np
import pytest

from graphkeras import ops
from graphkeras.saving.op_classes import BY_CLASS, BY_FUNCTION
from graphkeras.saving.op_nodes import decode_op, encode_op, is_op_entry

X = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "module", "class_name", "config"),
    [
        ("add", (X, X), {}, "numpy", "Add", {}),
        ("multiply", (X, 2.0), {}, "numpy", "Multiply", {}),
        ("concatenate", ([X, X],), {"axis": -1}, "numpy", "Concatenate", {"axis": -1}),
        ("concatenate", ([X, X], 1), {}, "numpy", "Concatenate", {"axis": 1}),
        ("reshape", (X, (3, 2)), {}, "numpy", "Reshape", {"newshape": (3, 2)}),
        ("clip", (X, 1.0, 4.0), {}, "numpy", "Clip", {"x_min": 1.0, "x_max": 4.0}),
        ("get_item", (X, (slice(0, 1), 2)), {}, "numpy", "GetItem", {}),
        ("sum", (X,), {"axis": 1, "keepdims": True}, "numpy", "Sum", {"axis": 1, "keepdims": True}),
        ("cast", (X, "int32"), {}, "core", "Cast", {"dtype": "int32"}),
        ("logsumexp", (X,), {"axis": 1}, "math", "Logsumexp", {"axis": 1}),
        ("where", (X > 2, X, 0.0), {}, "numpy", "Where", {}),
        ("einsum", ("ij,kj->ik", X, X), {}, "numpy", "Einsum", {"subscripts": "ij,kj->ik"}),
        ("relu", (X - 2,), {}, "nn", "Relu", {}),
        ("gelu", (X - 2,), {"approximate": False}, "nn", "Gelu", {"approximate": False}),
    ],
)
def test_a_call_is_written_and_comes_back(function, args, kwargs, module, class_name, config):
    entry, call_args, call_kwargs = encode_op(function, args, kwargs, "node_1")
    assert entry == {
        "module": f"keras.src.ops.{module}",
        "class_name": class_name,
        "config": {"name": "node_1", **config},
        "registered_name": class_name,
    }
    assert is_op_entry(entry)
    np.testing.assert_array_equal(decode_op(entry)(*call_args, **call_kwargs), getattr(ops, function)(*args, **kwargs))


def test_json_makes_lists_of_tuples_and_indexing_still_works():
    entry, (x, _), _ = encode_op("get_item", (X, (slice(0, 1), 2)), {}, "get_item")
    np.testing.assert_array_equal(decode_op(entry)(x, [slice(0, 1), 2]), X[0:1, 2])


def test_the_table_agrees_with_itself():
    assert len(BY_CLASS) == len(BY_FUNCTION) > 300
    assert BY_CLASS["ExpandDims"].function == "expand_dims"
    assert BY_CLASS["SVD"].module == "keras.src.ops.linalg"


def test_a_layer_is_not_an_operation():
    layer = {"class_name": "Add", "config": {"name": "add", "trainable": True, "dtype": "float32"}, "inbound_nodes": []}
    assert not is_op_entry(layer)
    assert not is_op_entry({**layer, "module": "keras.layers"})
    assert is_op_entry({"class_name": "Add", "config": {"name": "add"}, "inbound_nodes": []})


def test_an_unknown_operation_is_named():
    with pytest.raises(ValueError, match="operation 'Wavelet'"):
        decode_op({"module": "keras.src.ops.math", "class_name": "Wavelet", "config": {"name": "wavelet"}})
    with pytest.raises(ValueError, match=r"Add has the setting 'speed'.*it takes x1, x2"):
        decode_op({"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "add", "speed": 1}})
