"""Pictures and tables for people: each figure a pure function of data frames, the page their sum."""
