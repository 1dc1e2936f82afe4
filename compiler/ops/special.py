"""Special functions and logarithms to other bases, elementwise, for floats; greatest common divisors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..emitter import Emitter
from ..graph import Node
from ..registry import ops
from ..types import INTEGERS, TensorType, numpy_dtype
from .activation import FloatComposite
from .base import Arg, Array, Composite, ElementBuilder, Index, Sample, same_dtype, widened
from .elementwise import BATCH, Unary, broadcast_for, check_arity, check_dtype, operand_elements
from .onnx_kernels import native


class Exp2(Unary):
    """y = 2 ** x"""

    name, triton, flops_per_element = "exp2", "tl.exp2({0})", 8

    def compute(self, x: Array) -> Array:
        return np.exp2(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad * out * math.log(2),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        dtype = node.output.type.dtype
        return native(emit, "Pow", dtype, emit.constant(np.asarray(2, numpy_dtype(dtype))), *inputs)


class LogarithmToBase(Unary):
    """Base of logarithms to other bases than e."""

    low, high, flops_per_element = 0.1, 3.0, 9
    base: float

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / (x * math.log(self.base)),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        """log(x) / log(base): divided, so that powers of the base give whole numbers."""
        dtype = node.output.type.dtype
        scale = emit.constant(np.asarray(math.log(self.base), numpy_dtype(dtype)))
        return native(emit, "Div", dtype, native(emit, "Log", dtype, *inputs), scale)


class Log2(LogarithmToBase):
    """y = logarithm of x to base 2"""

    name, triton, base = "log2", "tl.log2({0})", 2

    def compute(self, x: Array) -> Array:
        return np.log2(x)


class Log10(LogarithmToBase):
    """y = logarithm of x to base 10"""

    name, triton, base = "log10", "libdevice.log10({0})", 10

    def compute(self, x: Array) -> Array:
        return np.log10(x)


class Cbrt(Unary):
    """y ** 3 = x"""

    name, triton, flops_per_element = "cbrt", "libdevice.cbrt({0})", 12
    avoid = (0.0,)

    def compute(self, x: Array) -> Array:
        return np.cbrt(x)

    def vjp(self, grad: Any, out: Any, x: Any) -> Any:
        return (grad / (3 * (out * out)),)

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        (x,), dtype = inputs, node.output.type.dtype
        third = emit.constant(np.asarray(1 / 3, numpy_dtype(dtype)))
        root = native(emit, "Pow", dtype, native(emit, "Abs", dtype, x), third)
        return native(emit, "Mul", dtype, native(emit, "Sign", dtype, x), root)


# Coefficients of W. J. Cody's rational approximations of the error function (Mathematics of Computation 22, 1969), from the
# highest power down: numerator and denominator of e**(x*x) * erfc(x) for x from 1/2 to 4, and, in 1 / x**2, for x above.
_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
     8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
     4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_TAIL = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
     6.58749161529837803e-4),
    (1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip


class WideComposite(FloatComposite):
    """Base of composites that compute 16-bit floats in float32."""

    def expand(self, x: Any) -> Any:
        dtype = x.type.dtype
        if dtype in ("float32", "float64"):
            return self.formula(x)
        return ops.cast(self.formula(ops.cast(x, dtype="float32")), dtype=dtype)

    def formula(self, x: Any) -> Any:
        """The function in float32 or float64."""
        raise NotImplementedError(self._missing("formula"))


class Erfc(WideComposite):
    """y = 1 - erf(x), exact also where x is great and y is small"""

    name = "erfc"

    def formula(self, x: Any) -> Any:
        size = ops.abs(x)
        middle = ops.clip(size, low=0.5, high=4.0)
        # x beyond 27 gives 0 in every dtype
        far = ops.clip(size, low=4.0, high=30.0)
        inverse = ops.reciprocal(ops.square(far))
        tail = (1 / math.sqrt(math.pi) - inverse * _quotient(_TAIL, inverse)) / far
        scaled = ops.where(ops.greater(size, 4.0), tail, _quotient(_MIDDLE, middle))
        bounded = ops.clip(size, low=0.0, high=30.0)
        above = ops.exp(-(bounded * bounded)) * scaled
        outside = ops.where(ops.less(x, 0.0), 2 - above, above)
        return ops.where(ops.less(size, 0.5), 1 - ops.erf(x), outside)

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        (x,) = arrays
        return np.asarray(_erfc_of_number(widened(x).astype(np.float64))).astype(x.dtype)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        (x,) = inputs
        return (grad * (-2 / math.sqrt(math.pi)) * ops.exp(-(x * x)),)

    def element(self, k: ElementBuilder, node: Node, index: Index) -> str:
        return k.let(f"libdevice.erfc({operand_elements(k, node, index)[0]})")


_erfc_of_number = np.frompyfunc(math.erfc, 1, 1)

# M. J. Wichura's approximations of the normal distribution's quantiles (algorithm AS 241, Applied Statistics 37, 1988), from
# the highest power down: for probabilities from 0.075 to 0.925, for those outside, and for those very near 0 and 1.
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_SIDES = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
     3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
_ENDS = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


# M. Giles's polynomials for single precision (GPU Computing Gems, 2011), in -log(1 - x * x) - 2.5 and, where that is above 2.5,
# in the square root of -log(1 - x * x), less 3; from the highest power down.
_SINGLE_CENTRE = (
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3, 2.46640727e-1,
    1.50140941,
)  # fmt: skip
_SINGLE_TAIL = (
    -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
    2.83297682,
)  # fmt: skip


class Erfinv(WideComposite):
    """erf(y) = x, for -1 <= x <= 1"""

    name = "erfinv"

    def formula(self, x: Any) -> Any:
        return self._double(x) if x.type.dtype == "float64" else self._single(x)

    def _single(self, x: Any) -> Any:
        depth = -ops.log((1 - x) * (1 + x))  # up to 17, infinite for x = 1 and x = -1, NaN beyond
        bounded = ops.clip(depth, low=0.0, high=20.0)
        centre = _polynomial(_SINGLE_CENTRE, ops.minimum(bounded, 5.0) - 2.5)
        tail = _polynomial(_SINGLE_TAIL, ops.sqrt(ops.maximum(bounded, 5.0)) - 3.0)
        slope = ops.where(ops.less(depth, 5.0), centre, tail)
        return x * ops.where(ops.is_finite(depth), slope, depth)

    def _double(self, x: Any) -> Any:
        """The quantile of the probability (1 + x) / 2 of the normal distribution, divided by the square root of 2."""
        half = x * 0.5
        size = ops.abs(half)
        centre = half * _quotient(_CENTRE, 0.180625 - ops.square(ops.clip(half, low=-0.425, high=0.425)))
        distance = ops.sqrt(-ops.log(0.5 - size))  # from 1.6 to 6, infinite for x = 1
        near = ops.clip(distance, low=1.6, high=5.0)
        far = ops.clip(distance, low=5.0, high=30.0)
        side = ops.where(ops.greater(distance, 5.0), _quotient(_ENDS, far - 5.0), _quotient(_SIDES, near - 1.6))
        side = ops.where(ops.is_finite(distance), side, distance)  # also NaN for |x| > 1
        found = ops.where(ops.less_equal(size, 0.425), centre, ops.sign(x) * side)
        return found * math.sqrt(0.5)

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> Any:
        return (grad * (math.sqrt(math.pi) / 2) * ops.exp(out * out),)

    def samples(self) -> Iterator[Sample]:
        for sample in super().samples():
            (arg,) = sample.args
            yield Sample((Arg(arg.shape, arg.dtype, -0.97, 0.97),))


def _quotient(coefficients: tuple[Sequence[float], Sequence[float]], x: Any) -> Any:
    """One polynomial divided by another."""
    upper, lower = (_polynomial(each, x) for each in coefficients)
    return upper / lower


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    result = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        result = result * x + coefficient
    return result


class Gcd(Composite):
    """y = the greatest whole number that divides a and b; of 0 and 0 it is 0. For integers."""

    name, commutative, differentiable = "gcd", True, False

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        check_arity(self, types, 2)
        dtype = same_dtype(self, types)
        check_dtype(self, dtype, INTEGERS)
        return TensorType(broadcast_for(self, *types), dtype)

    def expand(self, a: Any, b: Any) -> Any:
        """Euclid's algorithm, as often as the worst numbers of the dtype (neighbours in Fibonacci's sequence) need it."""
        dtype = a.type.dtype
        bits = numpy_dtype(dtype).itemsize * 8 - (0 if dtype.startswith("uint") else 1)
        if not dtype.startswith("uint"):
            a, b = ops.abs(a), ops.abs(b)
        for _ in range(math.ceil(bits / math.log2((1 + math.sqrt(5)) / 2)) + 1):
            done = ops.equal(b, 0)
            a, b = ops.where(done, a, b), ops.remainder(a, ops.where(done, a + ops.cast(ops.equal(a, 0), dtype=dtype), b))
        return a

    def evaluate(self, *arrays: Array, **attrs: Any) -> Array:
        return np.asarray(np.gcd(*arrays))

    def samples(self) -> Iterator[Sample]:
        for shapes in (((2, 3), (2, 3)), ((2, 1), (3,)), ((), ()), ((0, 3), (3,)), ((BATCH, 3), (3,))):
            yield Sample(tuple(Arg(shape, "int32", -50, 50) for shape in shapes))
        for dtype in ("uint8", "uint32"):
            yield Sample((Arg((2, 3), dtype, 0, 90), Arg((2, 3), dtype, 0, 90)))
