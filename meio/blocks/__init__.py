"""Planning in blocks: a catalogue too large for one machine's memory, a run of products at a time."""
