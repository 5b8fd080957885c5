"""IPE_34 marketplace refund liability."""
