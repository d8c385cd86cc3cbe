"""The version, in a leaf of its own: every floor may ask for it."""

__version__ = "0.1.0"
