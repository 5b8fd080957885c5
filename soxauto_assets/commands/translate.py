"""``soxauto translate``: bring a T-SQL query over.

Here belongs reading the file and where the text goes. What does not belong here: the translation (``engines.translate``).
"""

from pathlib import Path

import click

from soxauto_assets.engines.translate import translate
from soxauto_assets.errors import StorageError


def translate_file(file: Path) -> int:
    """Print the Athena text, and what needs a person to standard error.

    Returns:
        0 when nothing needs a person, 1 when something does.

    Raises:
        StorageError: The file cannot be read as text.
        TranslationError: It does not parse, or holds no query.
    """
    try:
        content = file.read_bytes()
        # Management Studio saves UTF-16 with a mark.
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise StorageError(
            f"{file.name} cannot be read as text ({type(error).__name__})", action="give a file saved as UTF-8"
        ) from error
    translation = translate(text)
    click.echo(translation.text, nl=False)
    for construct in translation.constructs:
        where = f"line {construct.line}" if construct.line else "translated"
        click.echo(f"{where}: {construct.name}: {construct.message}", err=True)
    if not translation.constructs:
        return 0
    click.echo(f"{len(translation.constructs)} constructs need a person", err=True)
    return 1
