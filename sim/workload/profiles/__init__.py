"""Files that describe a workload instead of recording one: they drive generators."""
