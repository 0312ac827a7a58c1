"""Reports of Adyen."""
