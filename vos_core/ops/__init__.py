"""Tensor operations that networks share: resizing, aggregation, pooling, depthwise convolution."""
