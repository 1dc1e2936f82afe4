"""Small trainings that run on real Keras and on graphkeras alike. Each returns {name: numbers}.

`make_expected.py` runs them on real Keras and stores the numbers; `test_against_keras.py` runs them on graphkeras.
"""

import numpy as np


def _data(samples=37, features=5, classes=4):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(samples, features)).astype("float32")
    y = rng.integers(0, classes, samples)
    return x, y, np.eye(classes, dtype="float32")[y], rng.uniform(0.2, 2.0, samples).astype("float32")


def _weights(model, seed=3):
    rng = np.random.default_rng(seed)
    model.set_weights([(0.5 * rng.normal(size=w.shape)).astype("float32") for w in model.get_weights()])


def _mlp(keras, units=4, activation="softmax"):
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(units, activation=activation)]
    )
    _weights(model)
    return model


def _story(model, history, *evaluated):
    found = {f"history/{name}": np.array(values) for name, values in history.history.items()}
    found["names"] = np.array(list(history.history))
    found.update({f"weight/{k}": w for k, w in enumerate(model.get_weights())})
    found.update({f"evaluated/{k}": np.array(value) for k, value in enumerate(evaluated)})
    return found


def sparse_labels(keras):
    """A last batch that is smaller, and validation."""
    x, y, _, _ = _data()
    model = _mlp(keras)
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x[:30], y[:30], epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(x[30:], y[30:]))
    return _story(model, history, model.evaluate(x, y, batch_size=10, verbose=0))


def one_hot_labels_with_sample_weight(keras):
    x, _, y, w = _data()
    model = _mlp(keras)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        loss="categorical_crossentropy",
        metrics=["acc", keras.metrics.TopKCategoricalAccuracy(k=2, name="top2")],
        weighted_metrics=["accuracy"],
    )
    history = model.fit(x, y, sample_weight=w, epochs=2, batch_size=16, shuffle=False, verbose=0, validation_split=0.25)
    return _story(model, history, model.evaluate(x, y, sample_weight=w, batch_size=16, verbose=0))


def class_weight(keras):
    x, y, _, _ = _data()
    model = _mlp(keras)
    model.compile(
        optimizer="rmsprop", loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["sparse_categorical_accuracy"]
    )
    history = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0, class_weight={0: 2.0, 1: 0.5, 3: 3.0})
    return _story(model, history)


def binary(keras):
    x, y, _, _ = _data()
    model = _mlp(keras, 1, "sigmoid")
    model.compile(
        optimizer="adam",
        loss="binary_crossentropy",
        metrics=["accuracy", keras.metrics.Precision(), keras.metrics.Recall(), keras.metrics.AUC(name="auc")],
    )
    history = model.fit(x, y % 2, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return _story(model, history, model.evaluate(x, (y % 2)[:, None], verbose=0))


def regression(keras):
    """Targets of rank 1 for predictions of rank 2; L2; several metrics."""
    x, y, _, _ = _data()
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(6, activation="relu", kernel_regularizer=keras.regularizers.L2(0.1)),
            keras.layers.Dense(1),
        ]
    )
    _weights(model)
    model.compile(optimizer="sgd", loss="mse", metrics=["mae", "mse", keras.metrics.RootMeanSquaredError()])
    history = model.fit(x, y.astype("float32"), epochs=2, batch_size=10, shuffle=False, verbose=0)
    return _story(model, history, model.evaluate(x, y.astype("float32"), verbose=0))


def two_outputs(keras):
    x, y, _, _ = _data()
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(6, activation="tanh")(inputs)
    classes = keras.layers.Dense(4, activation="softmax", name="classes")(hidden)
    value = keras.layers.Dense(1, name="value")(hidden)
    model = keras.Model(inputs, [classes, value])
    _weights(model)
    model.compile(
        optimizer="adam",
        loss={"classes": "sparse_categorical_crossentropy", "value": "mse"},
        loss_weights={"classes": 1.0, "value": 0.25},
        metrics={"classes": ["accuracy"], "value": ["mae"]},
    )
    targets = [y, x[:, :1]]
    history = model.fit(x, targets, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return _story(model, history, model.evaluate(x, targets, verbose=0))


def _forked(keras):
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(6, activation="tanh")(inputs)
    outputs = [keras.layers.Dense(1, name="second")(hidden), keras.layers.Dense(2, name="first")(hidden)]
    model = keras.Model(inputs, outputs)
    _weights(model)
    return model


def two_outputs_by_name(keras):
    """Targets by name; names not in the order of the alphabet; validation."""
    x, _, _, _ = _data()
    model = _forked(keras)
    model.compile(
        optimizer="adam", loss={"first": "mse", "second": "mae"}, weighted_metrics={"second": ["mse"], "first": ["mae"]}
    )
    targets = {"first": x[:, 1:3], "second": x[:, :1]}
    history = model.fit(x, targets, epochs=2, batch_size=16, shuffle=False, verbose=0, validation_data=(x, targets))
    return _story(model, history, model.evaluate(x, targets, verbose=0))


def one_loss_for_two_outputs(keras):
    x, _, _, w = _data()
    model = _forked(keras)
    model.compile(optimizer="sgd", loss="mse", metrics=[["mae"], ["mae", "mse"]])
    history = model.fit(x, [x[:, :1], x[:, 1:3]], sample_weight=[w, w], batch_size=16, shuffle=False, verbose=0)
    return _story(model, history, model.evaluate(x, [x[:, :1], x[:, 1:3]], verbose=0))


def losses_in_a_list(keras):
    x, _, _, _ = _data()
    model = _forked(keras)
    model.compile(optimizer="sgd", loss=["mse", keras.losses.Huber()], loss_weights=[0.5, 2.0])
    history = model.fit(x, [x[:, :1], x[:, 1:3]], batch_size=16, shuffle=False, verbose=0)
    return _story(model, history)


def a_loss_for_one_of_two_outputs(keras):
    x, _, _, _ = _data()
    model = _forked(keras)
    model.compile(optimizer="sgd", loss=[None, "mse"])
    history = model.fit(x, [x[:, :1], x[:, 1:3]], batch_size=16, shuffle=False, verbose=0)
    return _story(model, history)


def normalization(keras):
    """Moving averages are part of the step; evaluation uses them."""
    x, y, _, _ = _data()
    model = keras.Sequential([keras.Input((5,)), keras.layers.BatchNormalization(momentum=0.6), keras.layers.Dense(4)])
    rng = np.random.default_rng(0)
    model.layers[-1].set_weights([rng.normal(size=(5, 4)).astype("float32"), np.zeros(4, "float32")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0, validation_data=(x, y))
    return _story(model, history, model.evaluate(x, y, verbose=0))


def on_batch(keras):
    """Figures of `train_on_batch` are those of the batch alone."""
    x, y, _, w = _data()
    model = _mlp(keras)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    found = [model.train_on_batch(x[:8], y[:8]), model.train_on_batch(x[8:12], y[8:12], sample_weight=w[8:12])]
    found += [model.test_on_batch(x, y), model.train_on_batch(x, y, return_dict=True)["loss"]]
    return {f"step/{k}": np.array(value) for k, value in enumerate(found)}


def dict_inputs(keras):
    x, y, _, _ = _data()
    left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
    joined = keras.layers.Concatenate()([keras.layers.Dense(3)(left), right])
    model = keras.Model({"left": left, "right": right}, keras.layers.Dense(4, activation="softmax")(joined))
    _weights(model)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    history = model.fit({"left": x[:, :3], "right": x[:, 3:]}, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return _story(model, history)


def accumulated_gradients(keras):
    """Updates after every third step, with decay, clipping and moving averages."""
    x, y, _, _ = _data()
    model = _mlp(keras)
    optimizer = keras.optimizers.AdamW(0.05, weight_decay=0.1, gradient_accumulation_steps=3, clipnorm=0.5, use_ema=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return _story(model, history)


def scaled_loss(keras):
    x, y, _, _ = _data()
    model = _mlp(keras)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.05), initial_scale=64.0, dynamic_growth_steps=3)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {**_story(model, history), "scale": np.array(float(optimizer.dynamic_scale))}


def scores(keras):
    """Metrics of one-hot targets beside each other, some weighted."""
    x, _, y, w = _data()
    model = _mlp(keras)
    model.compile(
        keras.optimizers.Lamb(0.05),
        keras.losses.Dice(axis=-1),
        metrics=[keras.metrics.F1Score(average="macro"), keras.metrics.OneHotMeanIoU(4, name="iou", dtype="float32")],
        weighted_metrics=[keras.metrics.R2Score(name="r2"), keras.metrics.Precision(top_k=2, name="precision")],
    )
    history = model.fit(x, y, sample_weight=w, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return _story(model, history, model.evaluate(x, y, sample_weight=w, batch_size=16, verbose=0))


SCENARIOS = {
    function.__name__: function
    for function in (
        sparse_labels,
        one_hot_labels_with_sample_weight,
        class_weight,
        binary,
        regression,
        two_outputs,
        two_outputs_by_name,
        one_loss_for_two_outputs,
        losses_in_a_list,
        a_loss_for_one_of_two_outputs,
        normalization,
        on_batch,
        dict_inputs,
        accumulated_gradients,
        scaled_loss,
        scores,
    )
}
