"""Emulators of the amoCRM and Unisender APIs on one port, for demos, tests and anybody's own clients."""

__version__ = "0.2.0"
