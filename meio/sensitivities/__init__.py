"""What capacity is worth: prices as money for one more of it, checked by planning again with less and more."""
