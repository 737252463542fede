"""Calls with dask arrays, which return lazy dask arrays; imported when the first one is passed."""
