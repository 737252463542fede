"""Runs scikit-image's gallery with its imports as they are, and with the prefix before them."""
