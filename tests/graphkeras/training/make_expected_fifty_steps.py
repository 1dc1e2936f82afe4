"""Writes expected_fifty_steps.npz: what real Keras computes in fifty steps of each model.

Run with an environment that has Keras and JAX:
``KERAS_BACKEND=jax python tests/graphkeras/training/make_expected_fifty_steps.py``
"""

from pathlib import Path

import keras
import numpy as np
from fifty_steps import MODELS, figures


def main():
    found = {}
    for name in MODELS:
        keras.utils.clear_session()
        found.update({f"{name}/{key}": value for key, value in figures(keras, name).items()})
    np.savez_compressed(Path(__file__).parent / "expected_fifty_steps.npz", **found)


if __name__ == "__main__":
    main()
