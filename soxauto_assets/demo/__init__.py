"""The embedded default: a generated lake with planted, known cases.

Here belongs making data that looks like the sources, from events, so that ledger and sub-ledgers tie out except where a
difference is planted. What does not belong here: anything a production deployment could reach; the environment ``demo`` is
written into every package made from it.
"""
