"""xadapt: adapters for cross-lingual transfer on a frozen multilingual encoder."""

__version__ = "0.1.0"
