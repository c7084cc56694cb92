"""The desktop application: video annotation with masks that a network carries from frame to frame."""
