"""Slicewise's window, command line and use cases. Not for diagnostic use."""
