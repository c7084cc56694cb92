"""The canvas: one frame with its layers, the pointer, and the gestures of the tools."""
