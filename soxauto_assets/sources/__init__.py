"""Where the data is: logical sources, their contracts, and the bindings to physical tables.

Here belongs what a logical source is (``contracts``) and where it lives in an environment (``bindings``). What does not
belong here: queries (``catalog``) and how a query is run (``engines``).
"""
