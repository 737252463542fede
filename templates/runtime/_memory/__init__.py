"""The memories that arrays are in, one file each, and the ways between them."""
