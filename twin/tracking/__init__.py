"""Following one measured cell: from check-ups to how long it still lives, and of what it dies."""
