"""`keras.preprocessing.sequence`."""

from ..data.arrays import pad_sequences as pad_sequences
