"""The reconciliation of C-PG-1: actuals against target values, the bridges between them, and what stays unexplained.

Here belongs everything that is computed from sealed packages. What does not belong here: asking a source (``extraction``),
deciding whether an extract is right (``checks``), the form of a package (``evidence``), how a result is shown
(``commands``, ``defs``).
"""
