"""stft and its inverse on every target; transforms of symbolic length; what is refused."""

import numpy as np
import pytest

from graphkeras import KerasTensor, ops
from graphkeras.compiler import config
from graphkeras.tracing import StaticFunction

X = np.random.default_rng(0).normal(size=(3, 64)).astype("float32")


@pytest.fixture(params=["numpy", "onnxruntime"])
def on_target(request):
    former = config.update(target=request.param)
    yield
    config.update(target=former.target)


def there_and_back(x):
    return ops.istft(ops.stft(x, 16, 8, 16), 16, 8, 16)


def test_istft_inverts_stft(on_target):
    np.testing.assert_allclose(there_and_back(X), X, atol=1e-5)
    np.testing.assert_allclose(StaticFunction(there_and_back, "f")(X), X, atol=1e-5)


def test_a_signal_of_symbolic_length():
    assert ops.stft(KerasTensor((None, None)), 16, 8, 16)[0].shape == (None, None, 9)
    assert there_and_back(KerasTensor((2, None))).shape == (2, None)


@pytest.mark.parametrize("size", [8, 31, 257, 320])
def test_transforms_equal_numpys(size, on_target):
    x = np.random.default_rng(size).normal(size=(2, size))
    real, imaginary = StaticFunction(lambda a: ops.fft((a, 2 * a)), "f")(x)
    np.testing.assert_allclose(real + 1j * imaginary, np.fft.fft(x + 2j * x), atol=1e-10)
    back = StaticFunction(lambda a: ops.irfft(ops.rfft(a), fft_length=size), "f")(x)
    np.testing.assert_allclose(back, x, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.fft(x), ValueError, r"x must be a pair of tensors \(real, imaginary\)"),
        (lambda x: ops.fft((x, x[:1])), ValueError, "must have one shape"),
        (lambda x: ops.stft(x, 9, 4, 8), ValueError, "fft_length must be at least sequence_length, got 8 and 9"),
        (lambda x: ops.stft(ops.cast(x, "float16"), 8, 4, 8), TypeError, "x must be float32 or float64, got float16"),
        (lambda x: ops.stft(x, 8, 4, 8, window="box"), ValueError, "window must be 'hann', 'hamming'"),
        (lambda x: ops.stft(x, 8, 4, 8, window=np.ones(5)), ValueError, "window must be|must have sequence_length"),
        (lambda x: ops.extract_sequences(x, 65, 1), ValueError, "shorter than one sequence of 65"),
        (lambda x: ops.rearrange(x, "a b -> b"), ValueError, "must have the same names"),
        (lambda x: ops.rearrange(x, "(a p) b -> a p b"), ValueError, "give the sizes of all but one"),
        (lambda x: ops.cdist(x, x[:, :2]), ValueError, "at least 2 axes and the last of the same size"),
        (lambda x: ops.ldexp(x, x), TypeError, "the exponent x2 must hold integers"),
        (lambda x: ops.gcd(x, 2), TypeError, "integers are needed"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, error, message):
    for x in (KerasTensor((3, 64)), X):
        with pytest.raises(error, match=message):
            call(x)
