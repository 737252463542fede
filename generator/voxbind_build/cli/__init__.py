"""The command line: one file a page that it prints, and `app`, which alone knows typer."""
