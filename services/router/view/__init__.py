"""The view role: folds the record into Redis, and can always do so again.

`routing`, `messages` and `deliveries` are pure folds over a `sheet`; `store` applies what they
wrote, once; `worker` reads the log; `digest` proves that the result is what a fresh fold gives.
"""
