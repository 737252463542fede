"""Named axes: `voxbind.over`, and the arrays of xarray."""
