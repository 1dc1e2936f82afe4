"""Which part of Python's standard library does a sentence describe? An LSTM and a transformer find out.

You learn how to

1. turn text into integers with `TextVectorization`, which learns its vocabulary from the training texts;
2. deal with texts of different lengths: `Embedding(mask_zero=True)` makes a mask that every later layer respects;
3. read a text word by word (`Bidirectional(LSTM)`), or all words at once (`MultiHeadAttention`);
4. write a layer that holds other layers, and register it so that it can be loaded from a file;
5. use a trained model on new sentences, and export it.

The data are the docstrings of twelve packages of the Python that runs this, about 4,000 paragraphs. Always naming the largest
package is right for 14 %. Expect about 77 % from the LSTM and 80 % from the transformer, after a minute.
"""

import argparse
import ast
import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime

import graphkeras as keras
from graphkeras import layers, ops

PACKAGES = [
    *("asyncio", "email", "http", "importlib", "ipaddress", "logging"),
    *("multiprocessing", "statistics", "turtle", "typing", "unittest", "xml"),
]
WORDS, LENGTH, SIZE = 4000, 64, 64

SENTENCES = [
    "Add a handler for log records of at least this level.",
    "Move the pen forward by this distance, in the direction in which it heads.",
    "Schedule the coroutine on the event loop and return a future.",
    "The header of the message, without the address of the sender.",
]


def paragraphs_of(package: str) -> list[str]:
    """All paragraphs of at least six words in the docstrings of `package`, without repetitions; nothing is imported."""
    source = Path(importlib.util.find_spec(package).origin)
    files = source.parent.rglob("*.py") if source.name == "__init__.py" else [source]
    found = {}
    for file in sorted(files):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                paragraphs = (ast.get_docstring(node) or "").split("\n\n")
                found.update((" ".join(text.split()), None) for text in paragraphs if len(text.split()) >= 6)
    return list(found)


def load_data() -> tuple[np.ndarray, np.ndarray]:
    """Texts in random order, always the same, and the place of their package in PACKAGES."""
    pairs = [(text, label) for label, package in enumerate(PACKAGES) for text in paragraphs_of(package)]
    np.random.default_rng(0).shuffle(pairs)
    texts, labels = zip(*pairs)
    return np.array(texts, dtype=object), np.array(labels, dtype="int32")


@keras.saving.register_keras_serializable("examples")
class TokenAndPositionEmbedding(layers.Layer):
    """A vector for each word plus one for its place: attention alone would not know the order of the words."""

    def __init__(self, words: int, length: int, size: int, **kwargs):
        super().__init__(**kwargs)
        self.words, self.length, self.size = words, length, size
        self.token = layers.Embedding(words, size, mask_zero=True)
        self.position = layers.Embedding(length, size)

    def call(self, tokens):
        return self.token(tokens) + self.position(ops.arange(ops.shape(tokens)[1]))

    def compute_mask(self, tokens, mask=None):
        """True where there is a word: 0 is padding."""
        return self.token.compute_mask(tokens)

    def get_config(self):
        return {**super().get_config(), "words": self.words, "length": self.length, "size": self.size}


def build_lstm() -> keras.Model:
    """Reads the words forwards and backwards; the mask makes it skip the padding."""
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32", name="tokens"),
            layers.Embedding(WORDS, SIZE, mask_zero=True),
            layers.SpatialDropout1D(0.3),
            layers.Bidirectional(layers.LSTM(32)),
            layers.Dropout(0.5),
            layers.Dense(len(PACKAGES), activation="softmax", name="package"),
        ],
        name="lstm",
    )


def build_transformer() -> keras.Model:
    """One transformer block: each word looks at all others; the mask keeps the padding out of attention and mean."""
    tokens = keras.Input((LENGTH,), dtype="int32", name="tokens")
    x = TokenAndPositionEmbedding(WORDS, LENGTH, SIZE)(tokens)
    x = layers.Dropout(0.3)(x)
    attended = layers.MultiHeadAttention(num_heads=4, key_dim=16, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + attended)
    hidden = layers.Dense(4 * SIZE, activation="gelu")(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dense(SIZE)(hidden))
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(0.5)(x)
    package = layers.Dense(len(PACKAGES), activation="softmax", name="package")(x)
    return keras.Model(tokens, package, name="transformer")


def main(folder: Path, epochs: int) -> None:
    """Train both models, try them on new sentences, save and export; the files go into `folder`."""
    texts, labels = load_data()
    count = len(texts) * 4 // 5
    largest = np.bincount(labels).max() / len(labels)
    print(f"{count} paragraphs to train on, {len(texts) - count} to test on; the largest package has {largest:.0%}")

    vectorize = layers.TextVectorization(max_tokens=WORDS, output_sequence_length=LENGTH)
    vectorize.adapt(texts[:count])
    tokens = np.asarray(vectorize(texts))
    print(f"{texts[0]!r}\n  becomes {tokens[0, :12]} ... of {len(vectorize.get_vocabulary())} words")

    for build in (build_lstm, build_transformer):
        keras.utils.set_random_seed(0)
        model = build()
        model.compile(keras.optimizers.AdamW(0.002), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        print(f"\nTraining the {model.name}, {model.count_params():,} weights")
        model.fit(tokens[:count], labels[:count], batch_size=32, epochs=epochs, validation_split=0.1, verbose=2)
        _, accuracy = model.evaluate(tokens[count:], labels[count:], verbose=0)
        print(f"Test accuracy of the {model.name}: {accuracy:.3f}")

        probabilities = model.predict(np.asarray(vectorize(SENTENCES)), verbose=0)
        for sentence, row in zip(SENTENCES, probabilities):
            print(f"  {PACKAGES[row.argmax()]:>12} ({row.max():.0%}): {sentence}")

        saved, exported = folder / f"{model.name}.keras", folder / f"{model.name}.onnx"
        model.save(saved)
        again = keras.models.load_model(saved).predict(tokens[count:], verbose=0)
        model.export(exported)
        session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"tokens": tokens[count:].astype("int32")})
        print(f"Saved {saved} and {exported}; onnxruntime and the loaded model differ by {np.abs(found - again).max():.0e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8, help="how often to go over the data (default: %(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/text_classifier"), help="where the files go (default: %(default)s)"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs)
