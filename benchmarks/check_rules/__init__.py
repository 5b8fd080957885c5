"""The contenders of ``benchmarks/checks.py`` and the rows they check."""
