"""Project folder, journal, frame cache and settings, without Qt and without torch."""
