"""Factorizations multiply to what they came from; errors say what is wrong; targets without LAPACK say so."""

import numpy as np
import pytest

from graphkeras import KerasTensor, ops
from graphkeras.compiler import config, driver
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.kernels.devices import get_device
from graphkeras.tracing import StaticFunction

RNG = np.random.default_rng(0)
TALL, WIDE, SQUARE = (RNG.normal(size=shape).astype("float32") for shape in ((2, 5, 3), (2, 3, 5), (2, 4, 4)))


@pytest.fixture
def use_target():
    former = config.current()
    yield lambda name: config.update(target=name)
    config.update(target=former.target)


def transposed(x):
    return np.swapaxes(x, -1, -2)


@pytest.mark.parametrize("x", [TALL, WIDE, SQUARE, SQUARE[0], SQUARE.astype("float64")])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(x, mode):
    q, r = ops.qr(x, mode)
    np.testing.assert_allclose(q @ r, x, atol=1e-5)
    np.testing.assert_allclose(
        transposed(q) @ q, np.broadcast_to(np.eye(q.shape[-1]), q.shape[:-2] + r.shape[-2:-1] * 2), atol=1e-5
    )
    np.testing.assert_array_equal(np.tril(r, -1), 0)


@pytest.mark.parametrize("x", [TALL, WIDE, SQUARE, SQUARE[0]])
@pytest.mark.parametrize("full", [True, False])
def test_svd(x, full):
    u, s, vh = ops.svd(x, full_matrices=full)
    inner = s.shape[-1]
    np.testing.assert_allclose(u[..., :inner] * s[..., None, :] @ vh[..., :inner, :], x, atol=1e-5)
    np.testing.assert_allclose(ops.svd(x, compute_uv=False), s, rtol=1e-5)
    assert (np.diff(s) <= 0).all()


def test_eigenvalues():
    symmetric = SQUARE + transposed(SQUARE)
    w, v = ops.eigh(symmetric)
    np.testing.assert_allclose(v * w[..., None, :] @ transposed(v), symmetric, atol=1e-5)
    w, v = ops.eig(SQUARE)
    np.testing.assert_allclose(SQUARE @ v, v * w[..., None, :], atol=1e-5)


@pytest.mark.parametrize("x", [TALL, WIDE, SQUARE])
def test_lu_factor(x):
    lu, pivots = ops.lu_factor(x)
    for one, found, places in zip(x, lu, pivots):
        rows = np.arange(x.shape[-2])
        for k, place in enumerate(places):
            rows[[k, place]] = rows[[place, k]]
        lower = np.tril(found[:, : len(places)], -1) + np.eye(*found[:, : len(places)].shape)
        np.testing.assert_allclose(lower @ np.triu(found[: len(places)]), one[rows], atol=1e-5)
    assert pivots.dtype == np.int32


def test_pseudo_inverse_and_least_squares():
    np.testing.assert_allclose(ops.pinv(TALL), np.linalg.pinv(TALL), atol=1e-5)
    np.testing.assert_allclose(ops.lstsq(TALL[0], TALL[1]), np.linalg.lstsq(TALL[0], TALL[1])[0], atol=1e-5)


@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
def test_small_matrices_are_solved_on_every_target(target, use_target):
    use_target(target)
    definite = SQUARE @ transposed(SQUARE) + np.eye(4, dtype="float32")

    def compute(x, b):
        factor = ops.cholesky(x)
        return ops.solve(x, b), ops.inv(x), ops.det(x), ops.slogdet(x), ops.solve_triangular(factor, b, lower=True)

    found = StaticFunction(compute, "compute")(definite, SQUARE)
    solution, inverse, determinant, (sign, logarithm), triangular = found
    np.testing.assert_allclose(solution, np.linalg.solve(definite, SQUARE), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(inverse, np.linalg.inv(definite), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(determinant, np.linalg.det(definite), rtol=1e-3)
    np.testing.assert_allclose(sign * np.exp(logarithm), determinant, rtol=1e-3)
    np.testing.assert_allclose(np.linalg.cholesky(definite) @ triangular, SQUARE, atol=1e-4)


@pytest.mark.parametrize("call", [ops.svd, ops.eigh, ops.pinv])
def test_onnx_refuses_what_only_lapack_can(call, use_target):
    use_target("onnxruntime")
    with pytest.raises(NotImplementedError, match=r"only NumPy factorizes matrices.*set_target\('numpy'\)"):
        StaticFunction(call, "call")(SQUARE)


@pytest.mark.parametrize("call", [ops.svd])
def test_triton_refuses_what_only_lapack_can(call, monkeypatch, use_target):
    monkeypatch.setitem(driver._BACKENDS, "triton", TritonBackend(get_device("interpreter")))
    use_target("triton")
    with pytest.raises(NotImplementedError, match=r"cannot compute .* at .*test_matrices.py:\d+: only NumPy factorizes"):
        StaticFunction(call, "call")(SQUARE)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.inv(x), r"ops.inv: x must be square in its last two axes; got shape \(2, 3, 4\)"),
        (lambda x: ops.cholesky(x[0, 0]), r"ops.cholesky: x must be a matrix, or a batch of them; got shape \(4,\)"),
        (lambda x: ops.solve(x[:, :, :3], x[:, :2]), "b must have as many rows as a has columns"),
        (lambda x: ops.qr(x, "full"), "mode must be 'reduced' or 'complete', got 'full'"),
        (lambda x: ops.lstsq(x, x), "a must be a matrix and b a vector or a matrix of as many rows"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (KerasTensor((2, 3, 4)), np.ones((2, 3, 4), np.float32)):
        with pytest.raises(ValueError, match=message):
            call(x)


def test_a_matrix_that_is_not_definite():
    with pytest.raises(ValueError, match="not positive definite"):
        ops.cholesky(-np.eye(3, dtype="float32"))


def test_complex_results_are_refused_on_symbols():
    for call in (ops.eig, ops.view_as_complex, lambda x: ops.polar(x, x)):
        with pytest.raises(NotImplementedError, match="complex numbers, which graphs do not have"):
            call(KerasTensor((2, 2)))
