"""What a fusion attends to, and how alike adapters are."""
