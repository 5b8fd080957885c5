"""The key that signs evidence, and the trust file.

Here belongs looking whether a package could be signed, and whether its signature would be trusted. What does not belong here:
making a key (``soxauto keys init``).
"""

from collections.abc import Iterator

from soxauto_assets.doctor.model import Finding, looked
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.runtime import Runtime


def examine_signing(runtime: Runtime) -> Iterator[Finding]:
    """Look at the signing key and, where one is named, the trust file; nothing is signed and no key is made."""
    settings = runtime.settings
    made_here = settings.keys / "signing-key.pem"
    if settings.aws is None and settings.signing_key is None and not made_here.exists():
        yield Finding("signing key", str(made_here), "good", "it will be made by the first close")
        return
    yield from looked("signing key", settings.signing_key or str(made_here), lambda: _key(runtime))


def _key(runtime: Runtime) -> Iterator[Finding]:
    key_id = key_id_of(runtime.signer.public_key)
    yield Finding("signing key", runtime.signer.place, "good", f"P-256, id {key_id}")
    trust = runtime.trust
    if trust is None:
        return
    subject, key = str(runtime.settings.trust), trust.keys.get(key_id)
    if key is None:
        yield Finding(
            "trust file", subject, "fault", "the signing key is not in it, so what it signs is not trusted",
            "run 'soxauto keys init --owner NAME', or set SOXAUTO_SIGNING_KEY to a key that is in it",
        )  # fmt: skip
    elif key.revoked_at or (key.not_after and key.not_after <= runtime.clock()):
        yield Finding(
            "trust file", subject, "fault", "the signing key was revoked or has ended",
            "set SOXAUTO_SIGNING_KEY to the key that replaces it",
        )  # fmt: skip
    else:
        yield Finding("trust file", subject, "good", f"the signing key counts as {', '.join(key.roles)} of {key.owner}")
