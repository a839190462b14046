"""Rank 0: what every other package stands on; it imports none of them."""
