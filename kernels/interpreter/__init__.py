"""The interpreter device: runs every kernel on the CPU, in NumPy memory, so that a machine without a GPU can test them."""
