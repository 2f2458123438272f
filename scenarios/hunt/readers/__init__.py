"""Hunt for files that a reader of histories, or the checker behind it, does not survive."""
