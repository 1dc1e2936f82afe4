"""Data sets: samples by number, in batches, and where they are read from. Users find them in `keras.utils`."""
