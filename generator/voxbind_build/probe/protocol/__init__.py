"""Which calls are made of a function, and what is compared."""
