"""Writers of workload traces: one file a format."""
