"""Objects become JSON and come back; a file brings names, never code."""

import json

import numpy as np
import pytest

from graphkeras.saving.object_registration import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from graphkeras.saving.serialization import deserialize_keras_object, serialize_keras_object


class Scale:
    def __init__(self, factor=2.0):
        self.factor = factor

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def double(x):
    return 2 * x


@pytest.fixture(autouse=True)
def _clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def test_plain_values_pass_through_json():
    value = {
        "array": np.arange(6, dtype="int32").reshape(2, 3),
        "number": np.float32(0.5),
        "bytes": b"abc",
        "slice": slice(1, None, 2),
        "ellipsis": ...,
        "tuple": (1, 2),
        "none": None,
    }
    back = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(value))))
    np.testing.assert_array_equal(back.pop("array"), value["array"])
    assert back == {"number": 0.5, "bytes": b"abc", "slice": slice(1, None, 2), "ellipsis": ..., "tuple": [1, 2], "none": None}


def test_a_custom_class_comes_back_by_argument_scope_and_registration():
    written = json.loads(json.dumps(serialize_keras_object(Scale(3.0))))
    assert written["module"] is None
    assert written["class_name"] == "Scale"
    assert deserialize_keras_object(written, custom_objects={"Scale": Scale}).factor == 3.0
    with CustomObjectScope({"Scale": Scale}):
        assert deserialize_keras_object(written).factor == 3.0
    with pytest.raises(ValueError, match=r"custom_objects=\{'Scale': Scale\}"):
        deserialize_keras_object(written)


def test_a_registered_class_is_written_with_its_package():
    register_keras_serializable("shop")(Scale)
    written = serialize_keras_object(Scale(4.0))
    assert written["registered_name"] == "shop>Scale" == get_registered_name(Scale)
    assert deserialize_keras_object(written).factor == 4.0
    assert get_registered_object("shop>Scale") is Scale


def test_registering_a_class_without_config_is_refused():
    with pytest.raises(ValueError, match="has no get_config"):

        @register_keras_serializable()
        class Bare:
            pass


def test_a_function_is_a_name():
    written = serialize_keras_object(double)
    assert written == {"module": "builtins", "class_name": "function", "config": "double", "registered_name": "function"}
    assert deserialize_keras_object(written, custom_objects={"double": double}) is double
    with pytest.raises(ValueError, match="function 'double'"):
        deserialize_keras_object(written)


def test_a_lambda_runs_only_when_asked_for():
    offset = 5
    written = json.loads(json.dumps(serialize_keras_object(lambda x, y=2: x + y + offset)))
    with pytest.raises(ValueError, match="safe_mode=False"):
        deserialize_keras_object(written)
    assert deserialize_keras_object(written, safe_mode=False)(1) == 8


@pytest.mark.parametrize(
    ("module", "class_name"),
    [("os", "system"), ("subprocess", "Popen"), ("builtins", "eval"), ("graphkeras.saving.files", "Path")],
)
def test_nothing_foreign_is_imported_or_called(module, class_name):
    with pytest.raises(ValueError, match=f"The file uses .*{class_name}"):
        deserialize_keras_object(
            {"module": module, "class_name": class_name, "config": {"args": "true"}, "registered_name": None}
        )


def test_a_function_of_another_module_is_refused():
    with pytest.raises(ValueError, match="function 'importlib'"):
        written = {"module": "builtins", "class_name": "function", "config": "importlib", "registered_name": "function"}
        deserialize_keras_object(written)


def test_a_config_that_the_class_does_not_take_is_named():
    written = {"module": None, "class_name": "Scale", "config": {"speed": 1}, "registered_name": "Scale"}
    with pytest.raises(TypeError, match=r"Scale cannot be made from its config.*speed"):
        deserialize_keras_object(written, custom_objects={"Scale": Scale})


def test_an_object_without_config_cannot_be_saved():
    with pytest.raises(TypeError, match=r"Cannot save .*object.*get_config"):
        serialize_keras_object({"x": object()})
