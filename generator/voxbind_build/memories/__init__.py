"""The memories that arrays are in, one file each: the way into it, and what else depends on it."""
