"""What real Keras makes of calls over all dtypes; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/graphkeras/ops/make_expected_dtypes.py    # writes expected/by_dtype.npz
KERAS_BACKEND=jax python tests/graphkeras/ops/make_expected_dtypes.py                     # writes expected/by_dtype_32.npz

JAX knows 64-bit dtypes only if asked, and then its own functions make 64-bit numbers of integers, where Keras without it has
32-bit ones. The second file has the functions of one operand as they are without.
"""

import importlib.util
import warnings
from pathlib import Path

import jax
import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("dtype_calls", HERE / "dtype_calls.py")
dtype_calls = importlib.util.module_from_spec(spec)
spec.loader.exec_module(dtype_calls)
warnings.simplefilter("ignore")

wide = jax.config.jax_enable_x64
found = {}
former = ""
for name, dtypes, function in dtype_calls.calls():
    if not wide and (name in dtype_calls.PAIRS or "64" in dtypes):
        continue
    try:
        result = keras.tree.flatten(function(keras.ops))[0]
        numbers = keras.ops.convert_to_numpy(result)
        text = f"{keras.backend.standardize_dtype(result.dtype)} {list(numbers.shape)}"
        entry = (dtypes, text, numbers.astype(np.float64).ravel())
    except Exception as error:
        entry = (dtypes, type(error).__name__, np.zeros(0))
    found.setdefault(name, []).append(entry)
    if name != former:
        jax.clear_caches()  # thousands of compiled functions take gigabytes
        print(name, flush=True)
        former = name

arrays = {}
for name, entries in found.items():
    width = max(len(numbers) for _, _, numbers in entries)
    table = np.full((len(entries), width), np.nan)
    for row, (_, _, numbers) in zip(table, entries):
        row[: len(numbers)] = numbers
    arrays[f"{name}:dtypes"] = np.array([dtypes for dtypes, _, _ in entries])
    arrays[f"{name}:types"] = np.array([text for _, text, _ in entries])
    arrays[f"{name}:numbers"] = table
np.savez_compressed(HERE / "expected" / f"by_dtype{'' if wide else '_32'}.npz", **arrays)
