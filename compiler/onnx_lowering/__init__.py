"""Graph to ONNX model."""
