"""What is lost while a stack on real nodes changes: steady writing, events, and a count of what is found."""
