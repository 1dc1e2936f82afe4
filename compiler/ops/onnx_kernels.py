"""Which dtypes onnxruntime's CPU kernels take, and the detour through another dtype where one is missing.

Rules emit through `native`, so that an op whose dtype has no kernel is computed in a wider dtype and cast back.
"""

from __future__ import annotations

from typing import Any

from ..emitter import Emitter

_FLOATS = "float16 float32 float64"
_INTEGERS = "uint8 uint16 uint32 uint64 int8 int16 int32 int64"
_NUMBERS = f"{_INTEGERS} {_FLOATS}"

#: ONNX operator -> dtypes that onnxruntime 1.31.1 loads and runs on a CPU at opset 18 (found by trying each).
KERNELS: dict[str, str] = {
    "Neg": f"int8 int16 int32 int64 {_FLOATS}",
    "Abs": _NUMBERS,
    "Sign": f"uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 {_FLOATS}",
    "Exp": _FLOATS,
    "Log": _FLOATS,
    "Sqrt": _FLOATS,
    "Reciprocal": _FLOATS,
    "Tanh": _FLOATS,
    "Sigmoid": _FLOATS,
    "Erf": "float16 float32",
    "Sin": _FLOATS,
    "Cos": _FLOATS,
    "Tan": "float16 float32",
    "Asin": "float16 float32",
    "Acos": "float16 float32",
    "Atan": "float16 float32",
    "Sinh": "float16 float32",
    "Cosh": "float16 float32",
    "Asinh": "float16 float32",
    "Acosh": "float16 float32",
    "Atanh": "float16 float32",
    "Det": "float16 float32",
    "Floor": _FLOATS,
    "Ceil": _FLOATS,
    "Round": _FLOATS,
    "Relu": f"int8 int32 int64 {_FLOATS}",
    "Softplus": _FLOATS,
    "LeakyRelu": _FLOATS,
    "Not": "bool",
    "BitwiseNot": _INTEGERS,
    "IsNaN": _FLOATS,
    "IsInf": "float32 float64",
    "Add": _NUMBERS,
    "Sub": _NUMBERS,
    "Mul": _NUMBERS,
    "Div": _NUMBERS,
    "Pow": f"int32 int64 {_FLOATS}",
    "Max": f"uint8 uint32 uint64 int8 int32 int64 {_FLOATS}",
    "Min": f"uint8 uint32 uint64 int8 int32 int64 {_FLOATS}",
    "Mod": _NUMBERS,
    "Equal": f"bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 {_FLOATS}",
    "Greater": _NUMBERS,
    "GreaterOrEqual": _NUMBERS,
    "Less": _NUMBERS,
    "LessOrEqual": _NUMBERS,
    "And": "bool",
    "Or": "bool",
    "Xor": "bool",
    "BitwiseAnd": _INTEGERS,
    "BitwiseOr": _INTEGERS,
    "BitwiseXor": _INTEGERS,
    "BitShift": "uint8 uint32 uint64",
    "ReduceSum": f"int32 int64 {_FLOATS}",
    "ReduceProd": f"int32 int64 {_FLOATS}",
    "ReduceMax": f"uint8 int8 int32 int64 {_FLOATS}",
    "ReduceMin": f"uint8 int8 int32 int64 {_FLOATS}",
    "ReduceMean": f"int32 int64 {_FLOATS}",
    "ReduceLogSumExp": f"uint32 uint64 int32 int64 bfloat16 {_FLOATS}",
    "ArgMax": f"uint8 int8 int32 int64 {_FLOATS}",
    "ArgMin": f"uint8 int8 int32 int64 {_FLOATS}",
    "Where": f"uint8 uint32 int8 int32 int64 {_FLOATS}",
    "Clip": f"uint8 uint32 uint64 int8 int32 int64 {_FLOATS}",
    "Expand": f"bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 {_FLOATS}",
    "MatMul": f"uint32 uint64 int32 int64 {_FLOATS}",
    "CumSum": f"int32 int64 {_FLOATS}",
    "Pad": f"bool uint8 uint32 uint64 int8 int32 int64 {_FLOATS}",
    "Softmax": _FLOATS,
    "LogSoftmax": _FLOATS,
    "TopK": f"uint8 int8 int16 int32 int64 {_FLOATS}",
    "GatherElements": f"bool {_NUMBERS}",
    "ScatterND": f"bool {_NUMBERS}",
    "ScatterAdd": f"bool {_INTEGERS} float32 float64",  # ScatterND and ScatterElements with a reduction
    "Range": "int16 int32 int64 float32 float64",
    "OneHot": "int64 float16 float32",
    "Conv": "float32",
    "MaxPool": "uint8 int8 float32 float64",
    "AveragePool": "float32",
    "Resize": "uint8 int8 int32 float16 float32",
}

#: dtype -> dtypes that hold all its values (uint64: all its bits), nearest first.
_WIDER: dict[str, str] = {
    "bool": "uint8 int8 int32",
    "uint8": "int32 uint32 int64",
    "uint16": "int32 uint32 int64",
    "uint32": "uint64 int64",
    "uint64": "int64",
    "int8": "int32 int64",
    "int16": "int32 int64",
    "int32": "int64",
    "bfloat16": "float32",
    "float16": "float32",
}


def kernel_dtype(operator: str, dtype: str) -> str:
    """The dtype in which onnxruntime computes `operator` for operands of `dtype`.

    Raises:
        NotImplementedError: when there is none.
    """
    known = KERNELS.get(operator)
    if known is None:
        return dtype
    for candidate in (dtype, *_WIDER.get(dtype, "").split()):
        if candidate in known.split():
            return candidate
    raise NotImplementedError(f"onnxruntime has no {operator} for {dtype}; it has {known}. Cast the operands first.")


def native(
    emit: Emitter, operator: str, dtype: str, *operands: str, extra: tuple[str, ...] = (), result: str = "", **attributes: Any
) -> str:
    """Emit `operator` on `operands`, all of `dtype`, through a dtype that has a kernel if `dtype` has none.

    Args:
        extra: further operands that are passed as they are, such as axes.
        result: dtype of the result where it is not that of the operands; then it is not cast back.
    """
    via = kernel_dtype(operator, dtype)
    if via == dtype:
        return str(emit(operator, *operands, *extra, **attributes))
    computed = str(emit(operator, *(emit.cast(operand, via) for operand in operands), *extra, **attributes))
    return computed if result else emit.cast(computed, dtype)
