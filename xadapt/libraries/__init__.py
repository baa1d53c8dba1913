"""What reaches into libraries, past what they document: one module a library.

Each function's docstring holds why it is needed and which test fails without it, so that it can go when the library
has changed.
"""
