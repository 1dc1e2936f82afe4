"""Writes expected.npz: what real Keras computes for the cases of losses and metrics.

Run with an environment that has Keras and JAX: ``KERAS_BACKEND=jax python tests/graphkeras/losses/make_expected.py``
"""

from pathlib import Path

import keras
import numpy as np
from cases import losses, metrics

if __name__ == "__main__":
    np.savez_compressed(Path(__file__).parent / "expected.npz", **losses(keras), **metrics(keras))
