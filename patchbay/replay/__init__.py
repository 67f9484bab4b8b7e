"""`patchbay replay`: recorded traffic again, under other rules, with other staff or hours."""
