"""Extraction: the one step that talks to the source, and what it leaves behind.

Here belongs the extraction record, the landed dataset and its digest. What does not belong here: judgement (``checks``)
and sealing (``evidence``); both read only what this room wrote.
"""
