"""The pure engine: commands and customer events in, routing events out.

No I/O, no clock, no randomness: time and ids come with the command, so the same inputs give the
same events in the service, in a rebuild, in a simulation and in a replay.
"""
