"""The lab's image functions: `labwrap.typed` has their typed wrappers."""
