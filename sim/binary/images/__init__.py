"""Executable images: what of a file a processor may run, decided strictly."""
