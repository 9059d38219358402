"""Models that forecast quantiles of demand, behind one Protocol."""
