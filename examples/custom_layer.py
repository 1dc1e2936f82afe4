"""A layer of your own: how it is written, trained, saved, loaded and exported."""

import tempfile
from pathlib import Path

import numpy as np

import graphkeras as keras
from graphkeras import backend as K
from graphkeras.layers import Dense, Layer


class MyLayer(Layer):
    """y = x @ kernel: a dense layer without bias and activation."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        """What a saved file must know to make the layer again."""
        return {**super().get_config(), "output_dim": self.output_dim}


def main(folder):
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    x = random.normal(size=(512, 8)).astype("float32")
    y = (x[:, :4].sum(axis=1) > x[:, 4:].sum(axis=1)).astype("float32")[:, None]

    model = keras.Sequential([keras.Input((8,)), MyLayer(16), Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=10, batch_size=32, verbose=0)
    print("after 10 epochs", dict(zip(model.metrics_names, model.evaluate(x, y, verbose=0))))

    path = folder / "mine.h5"
    model.save(path)
    again = keras.models.load_model(path, custom_objects={"MyLayer": MyLayer})
    print("the loaded model predicts the same:", bool(np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))))

    model.export(folder / "mine.onnx")
    print("exported", (folder / "mine.onnx").stat().st_size, "bytes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
