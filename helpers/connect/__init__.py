"""Step 00: choose the sandbox or AWS, and read AWS's errors in plain words."""
