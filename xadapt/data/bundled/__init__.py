"""The bundled suite: four small hand-written data sets in ten languages.

It is a demonstration, never a benchmark: it is large enough to train a small adapter and to see whether
the transfer to another language works at all, and far too small and regular to rank methods.
"""

from xadapt.data.bundled.suite import LANGUAGES, SETS, languages, rows

__all__ = ["LANGUAGES", "SETS", "languages", "rows"]
