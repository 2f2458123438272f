"""Omid1: the status oracle keeps commits in memory and replicates them to its clients."""
