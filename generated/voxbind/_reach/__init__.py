"""How far from an element a function looks, for the arguments of one call."""
