"""Training data: decoded-image cache, synthetic clips, benchmark trees. Needs no torch."""
