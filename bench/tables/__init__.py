"""Fits of raw tables, each in a process of its own, kept as lines of JSON."""
