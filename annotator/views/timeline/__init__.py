"""The timeline: an object x time matrix, and the buttons that move through it."""
