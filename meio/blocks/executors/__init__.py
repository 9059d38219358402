"""Where blocks are worked on: in this process, in several, or on a cluster."""
