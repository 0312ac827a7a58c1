"""MT940 and MT942."""
