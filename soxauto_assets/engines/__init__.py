"""How a query is run: one small contract, and the engines behind it.

Here belongs binding SQL to tables and literals, translating it, running it, and describing what was run. What does not
belong here: what is queried (``catalog``), where it lies (``sources``), what becomes of the answer (``extraction``).
"""
