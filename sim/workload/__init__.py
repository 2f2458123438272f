"""Workload traces: their types, built-in generators, and readers of recorded ones."""
