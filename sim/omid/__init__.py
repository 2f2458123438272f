"""Omid: snapshot isolation over a multi-version store, with a manager that fails over."""
