"""Measuring masks: J, F, decay and robustness by the DAVIS definitions. Needs no torch."""
