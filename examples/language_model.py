"""A small GPT writes like Python's documentation, one character at a time.

You learn how to

1. write a transformer that looks back only: `MultiHeadAttention` with `use_causal_mask=True`;
2. write a model as a class, with blocks of layers that are classes, too, and save it;
3. feed training from a `PyDataset`, which makes each batch when it is needed;
4. judge the loss: against the letters' frequencies and against the best guess from the letter before;
5. sample text with a temperature: low repeats what is likely, high invents.

The data are the language reference that comes with every Python (what `help("for")` shows), 460,000 characters. Losses are
nats per character. Expect about 1.25 after two minutes, which gives words and phrases that look like the documentation from
afar; guessing from the letter before ends at 2.3.
"""

import argparse
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import onnxruntime

import graphkeras as keras
from graphkeras import layers, ops

LENGTH, SIZE, HEADS, BLOCKS = 64, 96, 4, 2
PROMPT = "The statement "


def load_text() -> tuple[np.ndarray, list[str]]:
    """The whole text as integers, and the character of each; characters outside of ASCII are left out."""
    text = "\n".join(topics[name] for name in sorted(topics)).encode("ascii", "ignore").decode()
    characters = sorted(set(text))
    number_of = {character: number for number, character in enumerate(characters)}
    return np.array([number_of[character] for character in text], "int32"), characters


class Windows(keras.utils.PyDataset):
    """Batches of windows from random places of the text; the target of each character is the next one."""

    def __init__(self, text: np.ndarray, steps: int, batch_size: int, seed: int, **kwargs):
        super().__init__(**kwargs)
        self.text, self.steps, self.batch_size, self.seed = text, steps, batch_size, seed

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        starts = np.random.default_rng((self.seed, index)).integers(len(self.text) - LENGTH, size=self.batch_size)
        windows = self.text[starts[:, None] + np.arange(LENGTH + 1)]
        return windows[:, :-1], windows[:, 1:]

    def on_epoch_end(self):
        self.seed += 1  # other windows in the next epoch


@keras.saving.register_keras_serializable("examples")
class Block(layers.Layer):
    """Look back, then think: causal attention and a dense network, each added to what came in."""

    def __init__(self, size: int, heads: int, **kwargs):
        super().__init__(**kwargs)
        self.size, self.heads = size, heads
        self.attention_norm = layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(heads, size // heads)
        self.dense_norm = layers.LayerNormalization()
        self.wide = layers.Dense(4 * size, activation="gelu")
        self.narrow = layers.Dense(size)

    def call(self, x):
        normal = self.attention_norm(x)
        x = x + self.attention(normal, normal, use_causal_mask=True)
        return x + self.narrow(self.wide(self.dense_norm(x)))

    def get_config(self):
        return {**super().get_config(), "size": self.size, "heads": self.heads}


@keras.saving.register_keras_serializable("examples")
class GPT(keras.Model):
    """Characters (batch, length) to the logits of the next one at each place: (batch, length, characters)."""

    def __init__(self, characters: int, length: int, size: int, heads: int, blocks: int, **kwargs):
        super().__init__(**kwargs)
        self.settings = {"characters": characters, "length": length, "size": size, "heads": heads, "blocks": blocks}
        self.token = layers.Embedding(characters, size)
        self.position = layers.Embedding(length, size)
        self.blocks = [Block(size, heads) for _ in range(blocks)]
        self.norm = layers.LayerNormalization()
        self.logits = layers.Dense(characters)

    def call(self, tokens):
        x = self.token(tokens) + self.position(ops.arange(ops.shape(tokens)[1]))
        for block in self.blocks:
            x = block(x)
        return self.logits(self.norm(x))

    def get_config(self):
        return {**super().get_config(), **self.settings}


def write(predict, prompt: list[int], count: int, temperature: float, seed: int = 0) -> list[int]:
    """`count` characters after the prompt. `predict` maps (1, LENGTH) characters to logits.

    The window has always LENGTH characters, so that one compiled program serves all steps. What is behind the text does not
    matter, since the model looks back only.
    """
    random = np.random.default_rng(seed)
    text = list(prompt)
    for _ in range(count):
        seen = text[-LENGTH:]
        window = np.zeros((1, LENGTH), "int32")
        window[0, : len(seen)] = seen
        logits = predict(window)[0, len(seen) - 1].astype("float64")
        # argmax of logits / temperature plus Gumbel noise is a draw from softmax(logits / temperature).
        text.append(int(np.argmax(logits + temperature * random.gumbel(size=len(logits)))))
    return text


def baselines(train: np.ndarray, test: np.ndarray, characters: int) -> tuple[float, float]:
    """Nats per character when guessing from the frequencies of letters, and of pairs of letters."""
    pairs = np.full((characters, characters), 0.1)
    np.add.at(pairs, (train[:-1], train[1:]), 1)
    single = pairs.sum(axis=0) / pairs.sum()
    following = pairs / pairs.sum(axis=1, keepdims=True)
    return float(-np.log(single[test]).mean()), float(-np.log(following[test[:-1], test[1:]]).mean())


def main(folder: Path, epochs: int, steps: int) -> None:
    """Train, write, save and export; the files go into `folder`."""
    keras.utils.set_random_seed(0)
    text, characters = load_text()
    train, test = text[: len(text) * 9 // 10], text[len(text) * 9 // 10 :]
    print(f"{len(text):,} characters, {len(characters)} different ones")

    model = GPT(len(characters), LENGTH, SIZE, HEADS, BLOCKS, name="gpt")
    model.compile(
        optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.003, epochs * steps), clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    held_out = Windows(test, steps=20, batch_size=32, seed=0)
    model.fit(Windows(train, steps, batch_size=32, seed=1), validation_data=held_out, epochs=epochs, verbose=2)

    loss = model.evaluate(held_out, verbose=0)
    single, pairs = baselines(train, test, len(characters))
    print(f"\nTest: {loss:.3f} nats per character, {model.count_params():,} weights")
    print(f"  from the frequencies of letters {single:.3f}, from the letter before {pairs:.3f}")

    prompt = [characters.index(character) for character in PROMPT]
    for temperature in (0.0, 0.5, 1.0):
        written = "".join(characters[number] for number in write(model.predict_on_batch, prompt, 150, temperature))
        print(f"\nTemperature {temperature}: {written!r}")

    saved, exported = folder / "gpt.keras", folder / "gpt.onnx"
    model.save(saved)
    again = keras.models.load_model(saved)
    model.export(exported)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (name,) = [entry.name for entry in session.get_inputs()]
    elsewhere = write(lambda window: session.run(None, {name: window})[0], prompt, 50, temperature=0.5)
    same = elsewhere == write(again.predict_on_batch, prompt, 50, temperature=0.5)
    print(f"\nSaved {saved} and {exported}; onnxruntime and the loaded model write the same: {same}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10, help="how many rows of progress (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=200, help="batches of an epoch (default: %(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/language_model"), help="where the files go (default: %(default)s)"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs, options.steps)
