"""`patchbay explain`: why a conversation is where it is, decision by decision."""
