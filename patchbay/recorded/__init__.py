"""The traffic of a period, read back from the record."""
