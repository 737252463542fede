"""Code that several stages share: type expressions, docstrings, phrases, temporary folders."""
