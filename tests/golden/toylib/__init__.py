"""A small image library with one function for each thing the build must get right."""

__version__ = "1.0"
