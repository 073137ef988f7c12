"""What a long stage needs, checked in seconds before it begins: all problems at once."""
