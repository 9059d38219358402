"""Prices and targets: the Lagrangian loop, product subproblems, dual ascent, recovery."""
