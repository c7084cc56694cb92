"""The desktop application: video annotation with masks that a network carries on."""
