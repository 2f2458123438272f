"""The test suite; what three tests share lives beside them as a module."""
