"""CR_03_MOV NAV GL entries of twelve months."""
