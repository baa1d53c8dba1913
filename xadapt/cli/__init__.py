"""The command line: parse, one call of the session, print."""
