"""Functions of spots: `spotwrap.typed` has their typed wrappers."""
