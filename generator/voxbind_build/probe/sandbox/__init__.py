"""Processes that measure, and what they may use of the machine."""
