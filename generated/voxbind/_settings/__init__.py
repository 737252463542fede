"""What a program asks of voxbind: `transfers`, `trace`, `workers`, `prefer`."""
