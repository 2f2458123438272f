"""What `benchmarks/check.py` measures: recorded histories, generated ones, and the peers' times."""
