"""The command line: one module for each page it prints, and `app`, the only one to use typer."""
