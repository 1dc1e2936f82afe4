"""What holds for every layer: its config, its files, its ONNX file, the targets, half precision. The table is `every_layer.py`.

Numbers and gradients are compared with those of real Keras in the tests of each family.
"""

import functools
import importlib.util

import numpy as np
import onnxruntime
import pytest

import graphkeras as keras
from graphkeras import layers
from graphkeras.compiler import config
from graphkeras.saving import deserialize_keras_object, serialize_keras_object
from graphkeras.tools.coverage.api_list import read_list
from tests.graphkeras.layers.cases import draw
from tests.graphkeras.layers.every_layer import ENTRIES, Scale, model_of

each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.label)

#: Layers that the table cannot hold, and where they are tested.
ELSEWHERE = {
    "Hashing": "preprocessing/test_hashing.py",
    "HashedCrossing": "preprocessing/test_hashing.py",
    "StringLookup": "preprocessing/test_lookup.py: strings",
    "TextVectorization": "preprocessing/test_text.py: strings",
    "InputLayer": "every model",
    "Wrapper": "test_wrappers.py: it computes nothing by itself",
    "RandomCrop": "preprocessing/test_random_images.py",
    **dict.fromkeys(("AugMix", "RandAugment", "MixUp", "CutMix", "Pipeline"), "preprocessing/test_random_changes.py"),
    "MaxNumBoundingBoxes": "utils/test_bounding_boxes.py",
}


#: Layers of steps, which have no gradients: they do not learn, and jump with half precision.
STEPS = ("Discretization", "ContrastLimitedAdaptiveHistogramEqualization", "RandomPosterization")

#: Layers of colours whose kernels the interpreter reads for many seconds; they are made of ops that other entries run.
LONG = ("ContrastLimitedAdaptiveHistogramEqualization", "RandomSaturation", "RandomHue", "RandomColor")


def first_of_each_class():
    """The entries whose classes of layers, those inside of others too, no entry before them has."""
    seen, found = set(), []
    for entry in ENTRIES:
        classes = {type(layer).__name__ for layer in entry.make()._flatten_layers()}
        if classes - seen:
            found.append(entry)
        seen |= classes
    return found, seen


FIRST, CLASSES = first_of_each_class()


def test_the_table_holds_every_layer():
    """Of tiers 1 and 2 of Keras's API, and whatever else there is in `graphkeras.layers`."""
    ours = {
        thing.__name__
        for name, thing in vars(layers).items()
        if isinstance(thing, type) and issubclass(thing, layers.Layer) and thing is not layers.Layer
    }
    wanted = {symbol.name for symbol in read_list() if symbol.namespace == "keras.layers" and symbol.tier <= 2}
    missing = {name for name in wanted if not hasattr(layers, name)}
    assert not missing
    assert ours - CLASSES - set(ELSEWHERE) == set(), "add a line to OWN in every_layer.py, or to the cases of a family"


@each_entry
def test_configs(entry):
    layer = entry.make()
    config = serialize_keras_object(layer)
    again = deserialize_keras_object(config)
    assert type(again) is type(layer)
    assert serialize_keras_object(again) == config


@each_entry
def test_files_and_onnx(entry, tmp_path):
    """The same numbers from the .keras file, and from onnxruntime, also with another batch size."""
    model, _ = model_of(entry)
    expected = keras.tree.flatten(model.predict_on_batch(entry.inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"Scale": Scale}, safe_mode=False)
    for one, other in zip(expected, keras.tree.flatten(loaded.predict_on_batch(entry.inputs)), strict=True):
        np.testing.assert_array_equal(one, other)
    model.export(tmp_path / "m.onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    names = [source.name for source in session.get_inputs()]
    for rows in (len(entry.inputs[0]), 1):
        given = {name: x[:rows] for name, x in zip(names, entry.inputs, strict=True)}
        found = session.run(None, given)
        wanted = expected if rows > 1 else keras.tree.flatten(model.predict_on_batch([x[:1] for x in entry.inputs]))
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@functools.cache
def expected_of(number):
    """What the model of an entry of `FIRST` predicts in float32."""
    return keras.tree.flatten(model_of(FIRST[number])[0].predict_on_batch(FIRST[number].inputs))


def ran(entry, target):
    """Results, loss and all weights after a training step; the last two are None where nothing can be trained."""
    config.update(target=target, device="interpreter")
    model, _ = model_of(entry)
    outputs = keras.tree.flatten(model.predict_on_batch(entry.inputs))
    if {y.dtype.name for y in outputs} != {"float32"} or not model.trainable_weights or entry.label.startswith(STEPS):
        return outputs, None, None
    targets = [draw(*y.shape, seed=k) for k, y in enumerate(outputs)]
    model.compile(keras.optimizers.SGD(0.1), ["mse"] * len(targets))
    loss = model.train_on_batch(entry.inputs, targets)
    return outputs, np.ravel(loss), model.get_weights()


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
@pytest.mark.parametrize("entry", [entry for entry in FIRST if not entry.label.startswith(LONG)], ids=lambda entry: entry.label)
def test_triton_computes_and_trains_as_onnxruntime_does(entry):
    (outputs, loss, weights), (expected, wanted_loss, wanted) = ran(entry, "triton"), ran(entry, "onnxruntime")
    for one, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    if wanted is not None:
        np.testing.assert_allclose(loss, wanted_loss, rtol=1e-4)
        for one, other in zip(weights, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*bfloat16.*")
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("entry", [entry for entry in FIRST if not entry.label.startswith(STEPS)], ids=lambda e: e.label)
def test_half_precision(entry, policy):
    """Near the numbers of float32: within 2 % of the largest, 6 % with bfloat16's 8 bits."""
    expected = expected_of(FIRST.index(entry))
    found = keras.tree.flatten(model_of(entry, policy)[0].predict_on_batch(entry.inputs))
    part = 0.06 if policy == "mixed_bfloat16" else 0.02
    for one, other in zip(found, expected, strict=True):
        fits = np.abs(other) < np.finfo(np.float16).max
        atol = part * max(1, np.abs(other[fits]).max())
        np.testing.assert_allclose(one.astype(np.float32)[fits], other[fits], rtol=part, atol=atol)
