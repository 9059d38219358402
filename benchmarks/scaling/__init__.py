"""Planning catalogues of growing size: measuring one, the work of the run itself, and what both come to for more."""
