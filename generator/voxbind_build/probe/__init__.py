"""Runs the real functions on small structured images and writes down what comes of it."""
