"""Comparisons become text, tables, plots, Markdown and a page."""

from xadapt.reports.report import Report, make_report, write_report
from xadapt.reports.terminal import rich_tables

__all__ = ["Report", "make_report", "rich_tables", "write_report"]
