"""The frozen encoder: the packed default and any XLM-R checkpoint."""
