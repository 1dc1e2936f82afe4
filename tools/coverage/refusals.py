"""What is refused on purpose, with an error that says what to do instead. It counts neither as working nor as a gap."""

from __future__ import annotations

_NUMPY_ONLY = "neither ONNX nor kernels can factorize matrices; NumPy does, eagerly and on the target numpy"
_UNKNOWN_ROUNDS = "the number of rounds is known only when it runs: a program of kernels has a fixed number of launches"
_NO_GRADIENT = "the gradient does not exist there, or would need every round of a loop without end"

#: Function -> way -> why some of its calls are refused there.
REFUSALS: dict[str, dict[str, str]] = {
    **{
        name: {"onnxruntime": _NUMPY_ONLY, "triton": _NUMPY_ONLY, "gradient": _NUMPY_ONLY}
        for name in ("eigh", "lstsq", "norm", "pinv", "svd")
    },
    "matrix_rank": {"onnxruntime": _NUMPY_ONLY, "triton": _NUMPY_ONLY},
    "qr": {"gradient": _NO_GRADIENT},
    **{name: {"triton": _UNKNOWN_ROUNDS, "gradient": _NO_GRADIENT} for name in ("while_loop", "fori_loop")},
}


def is_refusal(name: str, way: str, problem: str) -> bool:
    """Whether the error of a call is a refusal that is listed."""
    says_so = problem.startswith("NotImplementedError") or "has no gradient" in problem
    return says_so and way in REFUSALS.get(name, {})
