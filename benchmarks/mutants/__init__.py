"""What `omid_mutants.py` counts and writes."""
