"""IPE_08_USAGE voucher usage."""
