"""The sequence of period manifests: writing the next one, and reading all.

Here belongs appending to the one sequence so that two writers never give it two ends. What does not belong here: what a
manifest says (``evidence.period_manifest``), and how a numbered entry is written (``numbered``).
"""

from collections.abc import Callable, Mapping
from typing import Any

from soxauto_assets.errors import NotVerified
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.period_manifest import Manifest, manifest_statement, read_manifest
from soxauto_assets.numbered import NumberedLog
from soxauto_assets.period import Period

Sign = Callable[[bytes], bytes]


class ManifestStore:
    """The period manifests of a deployment.

    Args:
        open_log: Gives the log they are kept in, with the Object Lock of a month's entries.
    """

    def __init__(self, open_log: Callable[[str], NumberedLog]):
        self._open_log = open_log

    def texts(self) -> dict[int, bytes]:
        """Return the manifests as they are kept, by their place in the sequence.

        Raises:
            StorageError: They cannot be read.
        """
        return self._open_log("").texts()

    def all(self) -> list[Manifest]:
        """Return the manifests in order.

        Raises:
            NotVerified: One is damaged.
            StorageError: They cannot be read.
        """
        try:
            return [read_manifest(text, sequence) for sequence, text in self.texts().items()]
        except Fault as fault:
            raise NotVerified(
                fault.text, action="run 'soxauto verify-period', and restore the manifest from a copy"
            ) from fault

    def newest(self, period: str) -> Manifest | None:
        """Return the newest manifest of a month, or None."""
        return next((manifest for manifest in reversed(self.all()) if manifest.period == period), None)

    def write(
        self,
        environment: str,
        period: Period,
        items: Mapping[str, Mapping[str, Any]],
        sealed_at: str,
        reason: str,
        sign: Sign,
    ) -> Manifest:
        """Write the next manifest.

        Raises:
            NotVerified: An earlier one is damaged; nothing is written behind it.
            SigningError: The key refused.
            StorageError: The store refused.
        """
        log = self._open_log(period.key)
        while True:
            earlier, before = self.all(), period.previous().key
            statement = manifest_statement(environment, period.key, before, items, earlier, sealed_at, reason)
            text, sequence = sign(statement), earlier[-1].sequence + 1 if earlier else 1
            manifest = read_manifest(text, sequence)
            # Another writer may have taken the number: then the predecessor is another one, too.
            if log.claim(sequence, text):
                return manifest
