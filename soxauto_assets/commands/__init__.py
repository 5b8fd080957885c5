"""What each ``soxauto`` command does.

Here belongs one module per concern of the command line. What does not belong here: rules; a command calls the rooms and
shows what they say.
"""
