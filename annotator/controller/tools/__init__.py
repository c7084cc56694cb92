"""The tools: each takes the pointer of the canvas and makes strokes and commands of it."""
