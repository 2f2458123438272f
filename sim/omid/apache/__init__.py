"""What the Apache code (Phoenix-Omid) does, where it differs from the reference."""
