"""What `voxbind.auto` runs where."""
