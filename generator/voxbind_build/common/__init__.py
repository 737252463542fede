"""What several stages share: type expressions, and the sections of docstrings."""
