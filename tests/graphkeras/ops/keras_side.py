"""Runs in the Python of real Keras: the cases by keras.ops; writes names, dtypes and numbers.

KERAS_BACKEND=jax PYTHONPATH=<checkout> python keras_side.py OUT.npz
"""

import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np

spec = importlib.util.spec_from_file_location("cases", Path(__file__).with_name("cases.py"))
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, case in enumerate(cases.CASES):
    function = getattr(keras.ops, case.name, None)
    if function is None:
        continue
    try:
        result = function(*case.args, **case.kwargs)
    except Exception as error:
        found[f"{number}:error"] = np.array(f"{type(error).__name__}: {error}")
        continue
    for part, leaf in enumerate(keras.tree.flatten(result)):
        found[f"{number}:{part}"] = keras.ops.convert_to_numpy(leaf)
np.savez(sys.argv[1], **found)
