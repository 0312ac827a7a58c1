"""What is proven when a day or a month is closed."""
