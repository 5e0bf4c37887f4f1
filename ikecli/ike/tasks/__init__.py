"""What exchanges are made of: one feature, one task, one file."""
