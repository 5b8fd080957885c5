"""CR_04 general ledger balances."""
