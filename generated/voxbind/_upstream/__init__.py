"""The wrapped libraries, imported at first use."""
