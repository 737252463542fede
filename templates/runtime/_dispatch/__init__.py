"""Calls that need more than the library's own function: checks, conversions, slices."""
