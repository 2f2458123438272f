"""Tests of the checkers and of the file formats."""
