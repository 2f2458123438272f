"""Planted bugs, one module a family."""
