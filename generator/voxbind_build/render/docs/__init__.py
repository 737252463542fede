"""The docstrings of generated functions."""
