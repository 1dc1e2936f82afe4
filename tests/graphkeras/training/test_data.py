"""Where batches come from: data sets with workers, data loaders, iterables; and the threads that make them ahead."""

import os
import threading
import time

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.training.prefetch import ahead, mapped
from graphkeras.training.sources import IterableSource

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = RNG.normal(size=(40, 1)).astype("float32")


class Data(keras.utils.PyDataset):
    """Ten batches of four; notes what happens to it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.events = []

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.events.append((index, threading.current_thread().name, os.getpid()))
        time.sleep(0.002 * (index % 3))  # later batches may be ready earlier
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


def linear():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def trained_on_arrays(epochs=2):
    model = linear()
    model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("options", [{}, {"workers": 3}, {"workers": 2, "use_multiprocessing": True}, {"max_queue_size": 1}])
def test_a_data_set_gives_its_batches_in_order_whoever_makes_them(options):
    data, model = Data(**options), linear()
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), trained_on_arrays()):
        np.testing.assert_array_equal(a, b)
    made = [event for event in data.events if not isinstance(event, str)]
    if options.get("use_multiprocessing"):
        assert data.events == ["begin", "end"] * 2  # batches were made by copies
    else:
        assert sorted(index for index, _, _ in made) == sorted([*range(10)] * 2)
        assert all(name.startswith("graphkeras-batches") for _, name, _ in made)
        assert len({name for _, name, _ in made}) <= 2 * options.get("workers", 1)
        assert [event for event in data.events if isinstance(event, str)] == ["begin", "end"] * 2


def test_a_data_set_is_shuffled_by_batches():
    def order(seed):
        keras.utils.set_random_seed(seed)
        source = IterableSource(Data(), shuffle_seed=seed)
        return [[int(np.flatnonzero((x[0] == X).all(axis=1))[0]) // 4 for x, _ in source.batches(k)] for k in range(2)]

    first, again = order(1), order(1)
    assert first == again and first[0] != first[1] and all(sorted(each) == [*range(10)] for each in first)
    assert first[0] != [*range(10)]


def test_subclasses_need_not_call_init():
    class Bare(keras.utils.PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[:4], Y[:4]

    assert len(linear().fit(Bare(), verbose=0).history["loss"]) == 1


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}])
def test_an_error_of_a_data_set_reaches_the_user(options):
    class Broken(Data):
        def __getitem__(self, index):
            if index == 3:
                raise FileNotFoundError("no image 3")
            return super().__getitem__(index)

    threads = threading.active_count()
    with pytest.raises(FileNotFoundError, match="no image 3"):
        linear().fit(Broken(**options), shuffle=False, verbose=0)
    assert threading.active_count() <= threads


class Loader:
    """As PyTorch's DataLoader: a length, an iterator of lists, no indices."""

    def __init__(self):
        self.threads = set()

    def __len__(self):
        return 10

    def __iter__(self):
        for k in range(0, 40, 4):
            self.threads.add(threading.current_thread().name)
            yield [X[k : k + 4], Y[k : k + 4]]


def test_data_loaders():
    loader, model = Loader(), linear()
    history = model.fit(loader, epochs=2, verbose=0, validation_data=Loader())
    assert len(history.history["val_loss"]) == 2 and history.params["steps"] == 10
    for a, b in zip(model.get_weights(), trained_on_arrays()):
        np.testing.assert_array_equal(a, b)
    assert all(name.startswith("graphkeras-batches") for name in loader.threads)


def test_torch_data_loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y).requires_grad_())
    model = linear()
    model.fit(torch.utils.data.DataLoader(data, batch_size=4), epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), trained_on_arrays()):
        np.testing.assert_array_equal(a, b)


def test_a_generator_runs_between_steps_and_is_asked_for_no_batch_too_many():
    asked = []

    def batches():
        for k in range(1000):
            asked.append(threading.current_thread())
            yield X[:4] + k, Y[:4]

    model = linear()
    model.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    assert len(asked) == 6 and set(asked) == {threading.current_thread()}


def test_items_made_ahead_keep_their_order_and_stop_when_nobody_wants_them():
    made = []

    def numbers():
        for k in range(100):
            made.append(k)
            yield k

    assert list(ahead(numbers())) == [*range(100)]
    made.clear()
    threads = threading.active_count()
    iterator = ahead(numbers(), depth=3)
    assert [next(iterator) for _ in range(5)] == [0, 1, 2, 3, 4]
    iterator.close()
    assert len(made) <= 9 and threading.active_count() == threads
    assert list(mapped(lambda k: k * k, [3, 1, 2], workers=2, processes=False, depth=2)) == [9, 1, 4]


def test_stopping_in_the_middle_of_an_epoch_leaves_no_thread():
    threads = threading.active_count()
    model = linear()

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 2

    model.fit(Data(workers=2), verbose=0, callbacks=[Stop()])
    assert threading.active_count() == threads


def test_a_data_set_without_batches():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    class Empty(keras.utils.PyDataset):
        def __len__(self):
            return 0

        def __getitem__(self, index):
            raise IndexError(index)

    with pytest.raises(ValueError, match="The data yields no batch"):
        model.fit(Empty(), verbose=0)
