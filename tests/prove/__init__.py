"""`make prove`: the engine against exact results. About as long as docs/proof.md says."""
