"""What a scenario file may say: one pydantic model for each table, in words for editors too."""
