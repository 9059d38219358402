"""Targets improved on sampled order sequences under the real assignment policy, by exact one-unit derivatives."""
