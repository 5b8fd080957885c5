"""Control effectiveness: known faults are seeded into landed rows, and every one must be caught.

Here belongs the faults, the measurement and its report (``docs/effectiveness.md``). What does not belong here: faults in the
source or in a query's text, which ``catalog/test_mutations.py`` measures, and tests of single rules (``checks``).
"""
