"""Writes expected.npz: what real Keras computes in the scenarios.

Run with an environment that has Keras and JAX: ``KERAS_BACKEND=jax python tests/graphkeras/training/make_expected.py``
"""

from pathlib import Path

import keras
import numpy as np
from scenarios import SCENARIOS


def main():
    found = {}
    for name, scenario in SCENARIOS.items():
        keras.utils.clear_session()
        found.update({f"{name}/{key}": value for key, value in scenario(keras).items()})
    np.savez_compressed(Path(__file__).parent / "expected.npz", **found)


if __name__ == "__main__":
    main()
