"""Tests of vouchers in the ledger and the target values."""
