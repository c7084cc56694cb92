"""Tensor operations shared by every network: resizing, aggregation, pooling, depthwise convolution."""
