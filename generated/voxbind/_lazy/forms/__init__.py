"""Functions that need the entire image, computed in several passes over its chunks.

Each form gives exactly what the function gives for the array in memory.
"""
