"""Semi-supervised video object segmentation: the library behind ``vos`` and the annotator.

Importing this package, ``vos_core.errors`` or ``vos_core.media`` does not import torch.
"""

__version__ = "0.1.0"
