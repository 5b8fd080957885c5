"""IPE_31 collection accounts."""
