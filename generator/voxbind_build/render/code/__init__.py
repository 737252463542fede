"""The generated modules: names, signatures, overloads and bodies."""
