"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/applications/make_expected.py     # writes expected.json beside itself
"""

import importlib.util
import json
from pathlib import Path

import keras
import numpy as np
from keras.src.initializers import random_initializers

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("cases", HERE / "cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

for initializer in vars(random_initializers).values():  # drawing numbers takes most of the time, and none is looked at
    if isinstance(initializer, type) and "__call__" in vars(initializer):
        initializer.__call__ = lambda self, shape, dtype=None: np.zeros(shape, "float32")


class AskedForError(Exception):
    """Carries the arguments of get_file."""


def ask(name, options, include_top):
    """The name on disk, the address and the hash of a published file."""
    try:
        getattr(keras.applications, name)(weights="imagenet", include_top=include_top, **options)
    except AskedForError as asked:
        (fname, origin), given = asked.args
        return [fname, origin, given.get("file_hash")]
    raise AssertionError(name)


def refuse(*args, **given):
    raise AskedForError(args, given)


found = {"structures": {}, "predictions": {}, "published": []}
for label, name, options in [*cases.VARIANTS, *(("", name, {}) for name in cases.NAMES)]:
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None, **options)
    found["structures"][f"{name} {label}".strip()] = [model.count_params(), len(model.layers), cases.checksum(model)]
    print(name, label, flush=True)
for name in cases.SIZES:
    keras.backend.clear_session()
    model, images = cases.small_model(keras.applications, name)
    logits = np.asarray(model.predict(images, verbose=0))
    found["predictions"][name] = [[float(f"{value:.6g}") for value in row] for row in logits]
    print(name, logits[0, :3], flush=True)
keras.src.utils.file_utils.get_file = refuse
for name, options in cases.PUBLISHED:
    found["published"].append([ask(name, options, include_top) for include_top in (True, False)])
    print(name, found["published"][-1][0][0], flush=True)
(HERE / "expected.json").write_text(json.dumps(found, indent=1) + "\n")
