"""Zero-shot evaluation over languages."""
