"""The processes that measure, and the limits on their use of the machine."""
