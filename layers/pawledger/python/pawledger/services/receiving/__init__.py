"""What is dropped is proved, kept and cut into chunks."""
