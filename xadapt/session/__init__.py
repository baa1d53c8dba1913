"""What a user holds: a base, rows, a store and hardware, and all that can be done with them."""

from xadapt.session.session import Session, SessionOptions

__all__ = ["Session", "SessionOptions"]
