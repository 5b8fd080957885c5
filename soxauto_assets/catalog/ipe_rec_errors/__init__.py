"""IPE_REC_ERRORS integration errors."""
