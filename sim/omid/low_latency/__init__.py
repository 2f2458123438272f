"""Omid LL: clients write the commit table, and readers force decisions (VLDB'18)."""
