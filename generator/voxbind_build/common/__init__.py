"""Code that several stages share: type expressions, sections of docstrings, and phrases."""
