"""The pictures of the catalogue: a function's result on a real image, beside the image."""
