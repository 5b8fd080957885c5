"""IPE_10 customer prepayments."""
