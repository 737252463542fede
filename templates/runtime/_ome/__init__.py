"""Images in OME-Zarr stores: read with axes and scale, written region by region."""
