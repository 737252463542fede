"""A plugin of napari: the wrapped functions as forms in its menus.

``napari.json`` beside this package lists the functions for npe2. Nothing here is imported before
somebody chooses one of them from a menu. Nothing here imports voxbind's libraries either: a form
imports its own function.
"""
