"""The inputs of measured functions: test images, roles of parameters, arguments."""
