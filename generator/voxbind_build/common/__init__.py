"""What several stages share: type expressions, sections of docstrings, temporary folders."""
