"""Triton kernel templates and the devices that run them. Knows buffers, sizes and kernel specs; never sees a Graph."""
