"""Real Keras loads what graphkeras writes, predicts the same and trains on the same.

Needs a Python with Keras: the one of this environment (extra ``parity``), or the one that GRAPHKERAS_KERAS_PYTHON names.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.layers import BatchNormalization, Concatenate, Dense, Dropout, Input, LayerNormalization

PYTHON = os.environ.get("GRAPHKERAS_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="no Keras here; install the extra 'parity' or set GRAPHKERAS_KERAS_PYTHON")

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(20, 6)).astype("float32")
Y = RANDOM.integers(0, 3, size=20).astype("int32")


def mlp():
    return keras.Sequential([Input((6,)), Dense(8, activation="gelu"), Dense(3, activation="softmax")])


def compiled(model, optimizer):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    return model


def graph():
    """Shared layer, nested model, operations with and without settings, two outputs."""
    left, right = Input((6,), name="left"), Input((6,), name="right")
    inside = Input((4,))
    nested = keras.Model(inside, Dense(4, activation="tanh")(inside), name="nested")
    shared = Dense(4)
    a, b = shared(left), shared(right)
    mixed = nested(a) * 2.0 - ops.clip(b, -1.0, 1.0) + a[:, ::-1]
    joined = Concatenate(axis=-1)([mixed, ops.exp(-a), ops.reshape(b, (-1, 4)), ops.concatenate([a, b], axis=1)])
    return keras.Model([left, right], [Dense(3)(joined), ops.mean(mixed, axis=1, keepdims=True)], name="graph")


def models():
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 50)
    regular = keras.Sequential(
        [Input((6,)), Dense(5, kernel_regularizer=keras.regularizers.L2(0.01)), Dropout(0.0), Dense(3, activation="softmax")]
    )
    frozen = Dense(6, activation="relu")
    frozen.trainable = False
    layers = [frozen, BatchNormalization(), Dense(5), LayerNormalization(), Dense(3, activation="softmax")]
    normalized = keras.Sequential([Input((6,)), *layers])
    return {
        "normalized": compiled(normalized, keras.optimizers.Adam(0.01)),
        "adam": compiled(mlp(), keras.optimizers.Adam(0.01, amsgrad=True)),
        "sgd": compiled(mlp(), keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)),
        "rmsprop": compiled(mlp(), keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True)),
        "schedule": compiled(regular, keras.optimizers.Adam(schedule)),
        "graph": graph(),
    }


def test_keras_loads_predicts_and_trains_on(tmp_path):
    made = models()
    names = [f"{key}{suffix}" for key in made for suffix in (".keras", ".h5")]
    for name in names:
        made[Path(name).stem].save(tmp_path / name)
    plain = mlp()
    plain.save_weights(tmp_path / "mlp.weights.h5")
    (tmp_path / "cases.json").write_text(json.dumps(names))
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": ""}
    script = Path(__file__).parent / "keras_side.py"
    result = subprocess.run([PYTHON, script, tmp_path], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert result.returncode == 0, result.stderr[-4000:]
    np.testing.assert_allclose(
        np.load(tmp_path / "mlp.weights.h5.npz")["output_0"], plain.predict(X, verbose=0), atol=1e-5, err_msg="weights"
    )
    for key, model in made.items():
        inputs = [X] * len(model.inputs) if len(model.inputs) > 1 else X
        outputs = model.predict(inputs, verbose=0)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        loss = np.asarray(model.train_on_batch(inputs, Y)) if key != "graph" else None
        for suffix in (".keras", ".h5"):
            found = np.load(tmp_path / f"{key}{suffix}.npz")
            for k, output in enumerate(outputs):
                np.testing.assert_allclose(found[f"output_{k}"], output, atol=1e-5, err_msg=f"{key}{suffix}")
            if loss is not None and suffix == ".keras":
                np.testing.assert_allclose(found["loss"], loss, rtol=1e-5, err_msg=f"{key}{suffix}")
                for k, weight in enumerate(model.get_weights()):
                    np.testing.assert_allclose(found[f"weight_{k:03}"], weight, atol=1e-5, err_msg=f"{key}{suffix} {k}")
