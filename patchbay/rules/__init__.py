"""`patchbay rules`: check, apply, compare, take back and try rules on a running Patchbay."""
