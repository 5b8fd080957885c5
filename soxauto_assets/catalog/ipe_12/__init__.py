"""IPE_12 packages delivered, not reconciled."""
