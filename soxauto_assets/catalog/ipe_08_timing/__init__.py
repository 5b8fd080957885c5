"""IPE_08_TIMING vouchers in the timing difference."""
