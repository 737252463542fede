"""Runs the real functions on small structured images and records the outcomes."""
