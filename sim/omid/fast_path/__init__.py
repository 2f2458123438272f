"""Omid FP: single-key transactions inside a region server, beside those of Omid LL (VLDB'18)."""
