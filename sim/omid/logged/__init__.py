"""Managers that keep everything in memory and in a replicated log: what Omid1 and Tephra share."""
