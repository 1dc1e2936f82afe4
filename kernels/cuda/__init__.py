"""The CUDA device: machine code launched through NVIDIA's driver library, with nothing between but ctypes."""
