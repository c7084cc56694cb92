"""The networks: `aoc-lite` and the published families, and the blocks they are built from."""
