"""Trials of two planning systems in one simulated world: products or weeks fall to one of them at random."""
