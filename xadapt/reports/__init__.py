"""Comparisons become text, tables, plots, Markdown and a page."""

from xadapt.reports.report import Report, make_report, write_report

__all__ = ["Report", "make_report", "write_report"]
