"""A training run that kills its process in the middle of an epoch, the first time.

Arguments: the folder to work in, the seed, where the data comes from ("arrays", "dataset", "generator"), and "die" or "live".
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

import graphkeras as keras

FOLDER, SEED, KIND, FATE = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 6)).astype("float32"), RNG.integers(0, 3, 64)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]


def forever():
    while True:
        for index in range(8):
            yield Batches()[index]


class Die(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if FATE == "die" and (self.epoch, batch) == (1, 5):
            os.kill(os.getpid(), signal.SIGKILL)


keras.config.set_target("numpy")
keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((6,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
model.compile(keras.optimizers.Adam(0.01, use_ema=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
backup = keras.callbacks.BackupAndRestore(FOLDER / "backup", save_freq=3)
data = {"arrays": (X, Y), "dataset": (Batches(workers=2),), "generator": (forever(),)}[KIND]
options = {"arrays": {"batch_size": 8}, "dataset": {}, "generator": {"steps_per_epoch": 8}}[KIND]
history = model.fit(*data, **options, epochs=3, verbose=0, callbacks=[backup, Die()])
assert not (FOLDER / "backup").exists()
last = {name: np.array(values[-1]) for name, values in history.history.items()}
state = {f"v{k}": v.numpy() for k, v in enumerate([*model.variables, *model.optimizer.variables])}
np.savez(FOLDER / "end.npz", epochs=len(history.epoch), **last, **state)
