"""What is said of a token and of its keys, for the command line and for the local page.

It needs neither click nor rich, and reads no file.
"""
