"""How Patchbay is built, run and watched."""
