"""Small things that the rest of the run time shares."""
