"""What functions are measured with: test images, roles of parameters, arguments."""
