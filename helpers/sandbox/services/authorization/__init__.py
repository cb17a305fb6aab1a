"""What a request needs permission for, and whether the policies of its caller's role give it."""
