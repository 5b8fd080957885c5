"""Evidence: sealed packages, and proving that they are unchanged.

Here belongs the package format, the store, verification, recomputation and loading. What does not belong here: deciding
whether an extract is right (``checks``) and anything that talks to a source.
"""
