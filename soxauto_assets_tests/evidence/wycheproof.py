"""Project Wycheproof's ECDSA vectors through our verify function, and the score.

    python -m soxauto_assets_tests.evidence.wycheproof testvectors_v1/ecdsa_secp256r1_sha256_test.json

Here belongs running vectors that lie outside this repository (https://github.com/C2SP/wycheproof). What does not belong here:
the vectors themselves. Exit code 1 when a vector is answered wrongly.

Our rule is narrower than ECDSA: ``s`` must be in the lower half of the order. A vector that is valid and has the other ``s``
is counted apart: it must be refused as it is, and accepted in the spelling with the lower ``s``.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from soxauto_assets.evidence.envelope import is_signature, load_public_key, low_s


def score(document: dict[str, Any]) -> tuple[Counter[str], list[int]]:
    """Return how many vectors were answered how, and the numbers of those answered wrongly."""
    counts, wrong = Counter[str](), []
    for group in document["testGroups"]:
        key = load_public_key(bytes.fromhex(group["publicKeyDer"]))
        for test in group["tests"]:
            answer, right = _answer(key, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]), test["result"])
            counts[answer] += 1
            if not right:
                wrong.append(test["tcId"])
    return counts, wrong


def _answer(key: ec.EllipticCurvePublicKey, der: bytes, message: bytes, result: str) -> tuple[str, bool]:
    accepted = is_signature(key, der, message)
    if result != "valid":
        return "invalid, refused" if not accepted else "invalid, accepted", not accepted
    if accepted:
        return "valid, accepted", True
    try:
        other = low_s(der)
    except ValueError:
        return "valid, refused", False
    right = other != der and is_signature(key, other, message)
    return "valid with the higher s, refused; its lower s accepted" if right else "valid, refused", right


def main(paths: list[str]) -> int:
    """Print the score of each file."""
    faults = 0
    for path in paths:
        document = json.loads(Path(path).read_text("utf-8"))
        counts, wrong = score(document)
        print(f"{Path(path).name}: {counts.total() - len(wrong)} of {counts.total()} answered as they must be")
        for answer, count in sorted(counts.items()):
            print(f"  {count:5} {answer}")
        if wrong:
            print(f"  wrong: {wrong}")
        faults += len(wrong)
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
