"""Neural systems and the workload traces that they write; this release ships none yet."""
