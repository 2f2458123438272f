"""Tests of the file formats of histories."""
