"""The interpreter device: NumPy memory, Triton's interpreter."""
