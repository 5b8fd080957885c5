"""IPE_09 BOB sales orders."""
