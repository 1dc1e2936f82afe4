"""`import graphkeras` is light and shows Keras's names."""

import subprocess
import sys

import graphkeras as keras

# fmt: off
NAMES = [
    "activations", "backend", "callbacks", "config", "constraints", "dtype_policies", "gradients", "initializers",
    "layers", "losses", "metrics", "models", "ops", "optimizers", "random", "regularizers", "saving", "tree", "utils",
    "Input", "InputSpec", "KerasTensor", "Layer", "Loss", "Metric", "Model", "Optimizer", "Sequential", "Variable",
    "DTypePolicy", "Initializer", "Regularizer",
]
# fmt: on


def test_namespaces():
    missing = [name for name in NAMES if not hasattr(keras, name)]
    assert not missing


def test_importing_loads_no_backend():
    """onnx, onnxruntime and triton are loaded when their target is used, not before."""
    code = "import sys, graphkeras; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for library in ("onnx", "onnxruntime", "triton", "torch", "tensorflow", "jax", "keras"):
        assert f"'{library}'" not in loaded, f"{library} is loaded by import graphkeras"
    assert "'graphkeras'" in loaded
