"""Owning shards: which records to decide on, and making decisions true by appending them."""
