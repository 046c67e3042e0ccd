"""The researcher's desk: Django's admin as a place to run studies. One file per noun.

Nothing is imported here: the site lies in this package too, and is made before its tables are
registered.
"""
