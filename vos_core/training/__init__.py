"""Training of `aoc-lite`: configuration, losses, the loop, checkpoints, logs."""
