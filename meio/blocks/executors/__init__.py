"""Where blocks are worked on: in this process, in processes beside it, or on a Dask cluster."""
