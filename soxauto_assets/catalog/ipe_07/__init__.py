"""IPE_07 customer balances."""
