"""From a graph to an ONNX model: for the onnxruntime target, and for export."""
