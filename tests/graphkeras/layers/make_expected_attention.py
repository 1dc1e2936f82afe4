"""What real Keras makes of attention_cases.py; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/layers/make_expected_attention.py     # writes expected_attention.npz beside itself
"""

import sys
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import attention_cases  # noqa: E402

found = {}
for number, case in enumerate(attention_cases.CASES):
    found[f"{number}:case"] = np.array(case.label)
    found |= {f"{number}:{name}": array for name, array in attention_cases.computed(keras, case).items()}
np.savez_compressed(HERE / "expected_attention.npz", **found)
