"""IPE_08 voucher liability."""
