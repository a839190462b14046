"""Benchmarks: us and our peers in one run, in turns, as ratios. Run `python -m bench`."""
