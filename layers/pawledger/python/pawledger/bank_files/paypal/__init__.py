"""Settlement reports of PayPal."""
