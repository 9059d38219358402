"""The plan put to work: event engine, order assignment, replenishment, measures."""

if __name__ != "meio.simulation":
    raise ImportError(f"import this package as meio.simulation, not as {__name__}")
