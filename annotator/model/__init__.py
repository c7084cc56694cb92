"""State of an annotation, without Qt and without torch."""
