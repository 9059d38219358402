"""Scenarios made up for tests of scale: a retailer of any size, with a catalogue as long-tailed as real ones are."""
