"""CR_03 NAV GL entries."""
