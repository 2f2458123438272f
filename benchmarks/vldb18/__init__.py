"""Omid's evaluation of 2018, predicted by the simulator and held against what was published."""
