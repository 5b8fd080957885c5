"""The same verification by other people's tools: ``sha256sum``, ``bagit.py``, ``openssl``.

Here belongs the text of the commands, exactly as a person types them; a test runs them as they are printed. What does not
belong here: verification itself. It is part of the verifier that auditors run alone.
"""

import shlex
from pathlib import Path

from soxauto_assets.evidence.envelope import PAYLOAD_TYPE
from soxauto_assets.evidence.form import MANIFEST, SEAL, SIGNATURE, STATEMENT, TAGMANIFEST, TOKEN

_BAG = f"""\
# Every file of the payload, and every file that describes it. No output means that all are as listed.
sha256sum --strict --quiet -c {MANIFEST}
sha256sum --strict --quiet -c {TAGMANIFEST}

# The bag, by the tool of the Library of Congress (pip install bagit).
bagit.py --validate --quiet .

# The statement names the manifest and {SEAL} every file: both must be found.
grep -c "$(sha256sum {MANIFEST} | cut -d ' ' -f 1)" {STATEMENT}
grep -c "$(sha256sum {STATEMENT} | cut -d ' ' -f 1)" {SEAL}

# The digest of the seal, to compare with one that was kept elsewhere.
sha256sum {SEAL}
"""

_SIGNED = f"""
# What was signed is this statement, and nothing else: cmp prints nothing.
out=$(mktemp -d)
member() {{ sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p" {SIGNATURE}; }}
member payload | base64 -d | cmp - {STATEMENT}

# The bytes that were signed: type and length first (DSSE), then the statement.
{{ printf 'DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} %d ' "$(wc -c < {STATEMENT})"; cat {STATEMENT}; }} > "$out/signed"

# The last key of the signature file, its id (compare it with the trust file), and its signature: "Verified OK".
member public_key | base64 -d | openssl pkey -pubin -inform DER -out "$out/key.pem"
openssl pkey -pubin -in "$out/key.pem" -outform DER | sha256sum
member sig | base64 -d > "$out/signature"
openssl dgst -sha256 -verify "$out/key.pem" -signature "$out/signature" "$out/signed"
"""


_TIMED = f"""
# When it was signed, by the time authority whose root certificate TSA_CA names: "Verification: OK".
openssl ts -verify -in {TOKEN} -data {SIGNATURE} -CAfile "${{TSA_CA:?name the file of the authority's root certificate}}"
"""


def commands(package: Path) -> str:
    """Return the commands that check a package without this program, as one script for ``sh -e``."""
    signed = _SIGNED if (package / SIGNATURE).is_file() else "\n# The statement carries no signature.\n"
    signed += _TIMED if (package / TOKEN).is_file() else ""
    return f"cd {shlex.quote(str(package))}\n\n{_BAG}{signed}"
