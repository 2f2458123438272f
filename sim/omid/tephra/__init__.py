"""Tephra: a manager with a write-ahead log, and lists of whom a transaction may not see."""
