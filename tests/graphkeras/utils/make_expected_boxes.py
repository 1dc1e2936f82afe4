"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/utils/make_expected_boxes.py
"""

import importlib.util
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("cases", HERE / "box_cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, (name, arguments, keywords) in enumerate(cases.CASES):
    result = getattr(keras.utils.bounding_boxes, name)(*arguments, **keywords)
    found[cases.label(number)] = keras.ops.convert_to_numpy(result)
clipped = keras.utils.bounding_boxes.clip_to_image_size({"boxes": cases.ONE - 20, "labels": np.arange(5)}, 30, 40)
for key, value in clipped.items():
    found[f"clipped-{key}"] = keras.ops.convert_to_numpy(value)
np.savez_compressed(HERE / "expected_boxes.npz", **found)
