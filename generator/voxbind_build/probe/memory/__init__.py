"""The memories that libraries work in, one file each."""
