"""The CUDA device, by the driver API."""
