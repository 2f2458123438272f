"""Two-phase commit over locks in the data, as in Percolator (Omid2PC of VLDB'18)."""
