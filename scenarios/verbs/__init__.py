"""The commands of `bulkhead`, one module each: a documented function, and its options."""
