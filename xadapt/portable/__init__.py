"""Adapters that leave and enter xadapt: to and from the hub, and in the forms of other libraries."""
