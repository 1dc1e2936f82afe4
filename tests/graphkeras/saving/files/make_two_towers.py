"""How ``two_towers.*`` were made, with real Keras 3.15.1 (JAX backend): python make_two_towers.py FOLDER."""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

folder = Path(sys.argv[1])
keras.utils.set_random_seed(5)
left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
inside = keras.Input((4,))
nested = keras.Model(inside, layers.BatchNormalization()(layers.Dense(4, activation="tanh")(inside)), name="nested")
shared = layers.Dense(4, name="shared", kernel_regularizer="l2")
a, b = shared(left), shared(right)
mixed = layers.LayerNormalization()(nested(a) * 2.0 + b[:, ::-1] - ops.clip(a, -1.0, 1.0))
joined = layers.Concatenate(axis=-1)([mixed, ops.exp(-a), ops.reshape(b, (-1, 4)), ops.concatenate([a, b], axis=1)])
first = layers.Dense(3, activation="softmax", name="first")(layers.Dropout(0.0)(joined))
length = ops.sqrt(ops.sum(ops.square(a), axis=-1, keepdims=True) + 1e-6)
second = layers.Dense(1, name="second")(ops.mean(mixed, axis=1, keepdims=True) / length)
model = keras.Model({"left": left, "right": right}, {"first": first, "second": second}, name="two_towers")
model.compile(
    keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5), momentum=0.9),
    loss={"first": "sparse_categorical_crossentropy", "second": "mse"},
    loss_weights={"first": 1.0, "second": 0.3},
    metrics={"first": ["accuracy"]},
)
random = np.random.default_rng(1)
inputs = {name: random.normal(size=(24, 6)).astype("float32") for name in ("left", "right")}
targets = {"first": random.integers(0, 3, 24).astype("int32"), "second": random.normal(size=(24, 1)).astype("float32")}
model.fit(inputs, targets, epochs=2, batch_size=8, verbose=0)
model.save(folder / "two_towers.keras")
model.save(folder / "two_towers.h5")
model.save_weights(folder / "two_towers.weights.h5")
outputs = model.predict(inputs, verbose=0)
evaluated = model.evaluate(inputs, targets, verbose=0, return_dict=True)
after = model.train_on_batch(inputs, targets, return_dict=True)
np.savez(
    folder / "two_towers.npz",
    **inputs,
    **{f"target_{name}": array for name, array in targets.items()},
    **outputs,
    **{f"eval_{name}": value for name, value in evaluated.items()},
    **{f"next_{name}": value for name, value in after.items()},
    **{f"after_{number:02}": array for number, array in enumerate(model.get_weights())},
)
