"""What the world is: nodes, lanes, zones, speeds, products, demand; read, checked and compiled to arrays."""

if __name__ != "meio.network":
    raise ImportError(f"import this package as meio.network, not as {__name__}")
