"""The thread beside the window: frozen jobs in, frozen results out, one frame at a time."""
