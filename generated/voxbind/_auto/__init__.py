"""Runs each call of `voxbind.auto` on the CPU or on the GPU."""
