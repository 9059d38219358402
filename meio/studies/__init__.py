"""What-if studies: variants of a scenario, planned and simulated beside it on the same random orders."""
