"""A .tflite file: its graph, its compiled program, its reference outputs, its exports, the zoo."""
