"""Histories: the white-box properties of a run, their verdicts, and file formats."""
