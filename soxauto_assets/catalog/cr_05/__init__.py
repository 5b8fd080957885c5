"""CR_05 monthly closing FX rates."""
