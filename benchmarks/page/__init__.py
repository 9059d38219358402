"""What `bench.py` puts on its page: topics, their rows, and how they are written."""
