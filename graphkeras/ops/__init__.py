"""`keras.ops`: operations on symbols and arrays."""
