"""Figures: what the record says about waits, answers and work, as counts and times.

Pure. The view folds decisions into these for the API and the metrics; whoever reads the record by
himself (`Book`) comes to the same numbers. Times are milliseconds unless the name says otherwise.
"""
