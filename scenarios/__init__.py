"""The composition root: scenario files, their schema, the runner and the command line."""
