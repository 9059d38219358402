"""Planning in blocks: a catalogue of any size, of which only prices and sums are kept at one time."""
