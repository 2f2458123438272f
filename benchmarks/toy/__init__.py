"""Hold one toy transaction, written three times: on our kernel, on a bare heap, on SimPy."""
