"""`patchbay simulate`: the real engine under generated traffic, in virtual time."""
