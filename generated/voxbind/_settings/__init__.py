"""The settings of voxbind: `transfers`, `trace`, `workers`, `prefer`."""
