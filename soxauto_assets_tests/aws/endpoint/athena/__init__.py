"""Athena, as a client sees it.

Here belongs the service: its actions, the statements it takes and refuses, their execution over the files in S3 and the
files it writes. What does not belong here: signatures and faults of calls, which are the gateway's.
"""
