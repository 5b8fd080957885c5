"""CR_05a spot FX rates of Algeria."""
