"""voxbind as a backend of libraries that hand calls on to other packages."""
