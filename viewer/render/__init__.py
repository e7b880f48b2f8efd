"""Pixels of a session: slice images in numpy, the 3-D scene in VTK. No Qt."""
