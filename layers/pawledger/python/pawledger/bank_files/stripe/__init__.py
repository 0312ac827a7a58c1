"""Reports of Stripe."""
