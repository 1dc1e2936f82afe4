"""Model files: .keras, .h5 and weights."""
