"""Adapters put together: the expression, the builder, merging in weight space."""
