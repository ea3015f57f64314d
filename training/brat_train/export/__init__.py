"""Writes what was trained as a model pack: ONNX graphs, GGUF, golden case, manifest."""
