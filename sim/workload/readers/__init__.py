"""Readers of recorded workload traces: one file a format, all behind `sim.workload.load`."""
