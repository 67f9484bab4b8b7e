"""Every commerce source is held to its case files."""
