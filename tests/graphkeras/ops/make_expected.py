"""What real Keras makes of the sample calls; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/ops/make_expected.py [FAMILY ...]     # writes expected/FAMILY.npz; all by default
"""

import sys
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "tools" / "coverage"))
from calls import FAMILIES  # noqa: E402

for family in sys.argv[1:] or FAMILIES:
    found = {}
    for number, call in enumerate(FAMILIES[family]):
        found[f"{number}:call"] = np.array(call.label)
        for part, leaf in enumerate(keras.tree.flatten(call.make(keras))):
            found[f"{number}:{part}"] = keras.ops.convert_to_numpy(leaf)
    np.savez_compressed(HERE / "expected" / f"{family}.npz", **found)
