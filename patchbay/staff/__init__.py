"""`patchbay staff`: how many agents each interval needs."""
