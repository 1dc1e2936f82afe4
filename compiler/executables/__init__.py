"""What runs a graph. One protocol, three targets: numpy (the reference), onnxruntime, triton."""
