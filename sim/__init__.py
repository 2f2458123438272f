"""The worlds: simulation kernel, Omid, workload and history types.

Nothing is imported here, so that each part costs only those who use it.
"""
