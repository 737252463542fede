"""The calls of a function that are made, and the comparisons of their results."""
