"""Isolation levels of histories, decided from what clients saw."""
