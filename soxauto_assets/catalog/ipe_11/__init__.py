"""IPE_11 marketplace accrued revenues."""
