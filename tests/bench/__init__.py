"""Measurements by hand, as ratios within one run; never a timed assertion."""
