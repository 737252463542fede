"""A build, a check and a recording: the stages put together, and what they report."""
