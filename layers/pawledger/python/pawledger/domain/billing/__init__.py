"""What is invoiced, when, by which rule, and how that is explained."""
