"""What people decide about an item: an approved baseline, an accepted failure, an item that does not apply.

Here belongs what such a decision says, what must hold before it is recorded, and which recorded ones count. What does not
belong here: the log of acts (``acts``), the rules that look at a decision (``checks``), and what is sealed (``evidence``).
"""
