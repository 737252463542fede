"""Reads image-processing libraries, measures them and writes typed wrappers."""
