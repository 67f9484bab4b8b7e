"""What Redis shows of the record: key names, documents, and the reads that others build on.

Written by `services.router.view` alone; everything here can be rebuilt from the log. A reader that
must not act on an old picture compares `stamps` with the position it knows of.
"""
