"""Rows by name: from the hub, a mirror, the bundled demonstration, or a user's own files. Knows no model."""
