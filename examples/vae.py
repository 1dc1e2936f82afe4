"""A variational autoencoder squeezes digits into two numbers and draws new ones: a model with its own `train_step`.

You learn how to

1. draw random numbers inside a model with `SeedGenerator`: another draw in every step, the same ones in every run;
2. add a loss inside a layer (`add_loss`): the Kullback-Leibler divergence, which keeps the codes near the normal distribution;
3. write `train_step` yourself: forward, gradients, update, metrics. It is compiled into one program like any other;
4. use parts of a model on their own: the encoder, the decoder;
5. draw what it has learned as a picture.

The method is "Auto-Encoding Variational Bayes" (Kingma and Welling, arXiv:1312.6114). The data are scikit-learn's digits of 8x8
pixels. Expect after half a minute that two numbers give back a digit with two thirds of the error of the two best principal
components, and a picture `digits.png` with a map of digits that nobody wrote: neighbours resemble each other.
"""

import argparse
from pathlib import Path
from statistics import NormalDist

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import graphkeras as keras
from graphkeras import layers, ops


class Sampling(layers.Layer):
    """A code near `mean`: mean + exp(log_variance / 2) * noise while training, the mean itself otherwise.

    Written so, the noise has no weights, and gradients flow through mean and variance ("reparametrization").
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs, training=None):
        mean, log_variance = inputs
        divergence = -0.5 * ops.sum(1 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=-1)
        self.add_loss(ops.mean(divergence))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def build_encoder() -> keras.Model:
    """64 pixels to a code of two numbers."""
    pixels = keras.Input((64,), name="pixels")
    x = layers.Dense(128, activation="relu")(pixels)
    x = layers.Dense(64, activation="relu")(x)
    mean = layers.Dense(2, name="mean")(x)
    log_variance = layers.Dense(2, name="log_variance")(x)
    return keras.Model(pixels, Sampling(name="code")([mean, log_variance]), name="encoder")


def build_decoder() -> keras.Model:
    """A code of two numbers to 64 pixels."""
    return keras.Sequential(
        [
            keras.Input((2,), name="code"),
            layers.Dense(64, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="sigmoid", name="pixels"),
        ],
        name="decoder",
    )


class VariationalAutoencoder(keras.Model):
    """Encoder and decoder; the loss is how much the picture differs plus the divergence."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.divergence = keras.metrics.Mean(name="divergence")

    def call(self, pixels, training=None):
        return self.decoder(self.encoder(pixels, training=training))

    def train_step(self, data):
        """What happens with one batch; the names of the dict are what the progress bar shows."""
        reconstructed = self(data, training=True)
        differences = keras.losses.binary_crossentropy(data, reconstructed)  # the mean of 64 pixels, for each digit
        reconstruction = 64 * ops.mean(differences)
        divergence = ops.sum(self.losses)
        loss = reconstruction + divergence

        weights = self.trainable_weights
        self.optimizer.apply(keras.gradients(loss, weights), weights)

        self.reconstruction.update_state(reconstruction)
        self.divergence.update_state(divergence)
        return {metric.name: metric.result() for metric in (self.reconstruction, self.divergence)}


def contact_sheet(pictures: np.ndarray, columns: int, scale: int = 5) -> np.ndarray:
    """Pictures (number, 8, 8) side by side in rows of `columns`, enlarged, black between them: (height, width, 1)."""
    framed = np.pad(pictures, ((0, 0), (0, 1), (0, 1)))
    rows = framed.reshape(-1, columns, 9, 9).transpose(0, 2, 1, 3)
    return np.kron(rows.reshape(rows.shape[0] * 9, columns * 9), np.ones((scale, scale)))[..., None]


def main(folder: Path, epochs: int) -> None:
    """Train, compare, draw and export; the files go into `folder`."""
    keras.utils.set_random_seed(0)
    pixels = (load_digits().data / 16).astype("float32")
    train, test = pixels[:1500], pixels[1500:]

    model = VariationalAutoencoder(build_encoder(), build_decoder(), name="vae")
    model.compile(optimizer=keras.optimizers.Adam(0.002))
    model.fit(train, batch_size=64, epochs=epochs, verbose=2)

    error = float(np.mean((model.predict(test, verbose=0) - test) ** 2))
    principal = PCA(2).fit(train)
    error_of_components = float(np.mean((principal.inverse_transform(principal.transform(test)) - test) ** 2))
    error_of_mean = float(np.mean((train.mean(axis=0) - test) ** 2))
    print(f"\nMean squared error of test digits given back from two numbers: {error:.4f}")
    print(f"  with two principal components {error_of_components:.4f}, with the mean digit {error_of_mean:.4f}")

    # Codes are normally distributed, so equally likely steps are the quantiles of the normal distribution.
    steps = [NormalDist().inv_cdf((place + 0.5) / 16) for place in range(16)]
    codes = np.array([(x, y) for y in steps for x in steps], "float32")
    made = model.decoder.predict(codes, verbose=0)
    picture = folder / "digits.png"
    keras.utils.save_img(picture, contact_sheet(made.reshape(-1, 8, 8), columns=16))
    print(f"Drew {len(codes)} new digits: {picture}")

    saved, exported = folder / "decoder.keras", folder / "decoder.onnx"
    model.decoder.save(saved)
    again = keras.models.load_model(saved).predict(codes, verbose=0)
    model.decoder.export(exported)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"code": codes})
    print(f"Saved {saved} and {exported}; onnxruntime and the loaded decoder differ by {np.abs(found - again).max():.0e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200, help="how often to go over the data (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("build/vae"), help="where the files go (default: %(default)s)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs)
