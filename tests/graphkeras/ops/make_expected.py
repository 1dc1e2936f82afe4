"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/ops/make_expected.py     # writes expected.npz beside itself
"""

import importlib.util
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("cases", HERE / "cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, case in enumerate(cases.CASES):
    result = getattr(keras.ops, case.name)(*case.args, **case.kwargs)
    found[f"{number}:case"] = np.array(case.label)
    for part, leaf in enumerate(keras.tree.flatten(result)):
        found[f"{number}:{part}"] = keras.ops.convert_to_numpy(leaf)
np.savez_compressed(HERE / "expected.npz", **found)
