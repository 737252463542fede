"""What is shown of a function: the lines of `voxbind show`, and the site of `voxbind catalog`."""
