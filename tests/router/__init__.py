"""What the tests of the router's roles share: a scripted owner, stories, and the parts to run."""
