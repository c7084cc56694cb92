"""Between widgets, model and worker: gestures become commands, results become undo steps."""
