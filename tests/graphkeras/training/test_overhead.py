"""What fit and predict cost beside the program that they run, and that calls leave nothing behind."""

import gc
import time
import tracemalloc

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.training import sources
from graphkeras.training.shuffling import Orders


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("shuffle", [False, True, "on a thread"])
@pytest.mark.parametrize("verbose", [0, 1])
def test_a_step_of_fit_costs_little_beside_its_program(model, shuffle, verbose, monkeypatch, capsys):
    """The bound is 50 microseconds; with a program that does nothing, what is left is fit's own cost."""
    x, y = np.ones((4000 * 32, 8), "float32"), np.zeros(4000 * 32, "int32")
    model.fit(x[:64], y[:64], verbose=0)
    prepared = model.train_function.prepare((x[:32], y[:32]))
    results = prepared.fetch()
    monkeypatch.setattr(sources, "HAS_SPARE_CORE", shuffle == "on a thread")
    monkeypatch.setattr(type(prepared), "launch", lambda self, arrays: None)
    monkeypatch.setattr(type(prepared), "fetch", lambda self: results)

    def microseconds():
        started = time.perf_counter()
        model.fit(x, y, batch_size=32, shuffle=bool(shuffle), verbose=verbose)
        return (time.perf_counter() - started) / 4000 * 1e6

    assert min(microseconds() for _ in range(3)) < 50


def test_calls_leave_nothing_behind(model):
    """Memory does not grow with the number of calls of predict, train_on_batch and fit."""
    x, y = np.ones((8, 8), "float32"), np.zeros(8, "int32")

    def calls(count):
        for _ in range(count):
            model.predict(x, verbose=0)
            model.train_on_batch(x, y)
        model.fit(x, y, verbose=0)

    calls(20)
    gc.collect()
    tracemalloc.start()
    calls(50)
    gc.collect()
    first = tracemalloc.get_traced_memory()[0]
    calls(200)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    assert grown < 20_000, f"{grown} bytes more after 200 more calls"


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_orders_are_permutations_that_repeat(size):
    orders, again, other = Orders(7, size), Orders(7, size), Orders(8, size)
    for epoch in (0, 1, 70_000, 1):
        np.testing.assert_array_equal(np.sort(orders(epoch)), np.arange(size))
    np.testing.assert_array_equal(orders(1), again(1))
    if size >= 1000:
        assert (orders(0) != orders(1)).mean() > 0.9 and (orders(0) != other(0)).mean() > 0.9
        assert abs(np.corrcoef(orders(0), np.arange(size))[0, 1]) < 0.1


@pytest.mark.parametrize("on_a_thread", [True, False])
def test_chunks_of_a_shuffled_source_hold_every_sample_once(on_a_thread, monkeypatch):
    monkeypatch.setattr(sources, "HAS_SPARE_CORE", on_a_thread)
    monkeypatch.setattr(sources, "CHUNK_BYTES", 100)
    x = np.arange(103, dtype="float32")[:, None]
    source = sources.ArraySource(x, x[:, 0] * 2, None, batch_size=10, shuffle_seed=3)
    seen = []
    for a, b in source.batches(1):
        np.testing.assert_array_equal(a[:, 0] * 2, b)
        seen.append(a[:, 0].copy())
    assert [len(batch) for batch in seen] == [10] * 10 + [3]
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(103))
