"""The contract of stores of period manifests: one sequence, whoever writes."""

import threading
from functools import partial

from soxauto_assets.evidence.period_manifest import MISSING, Manifest, chain_faults, read_manifest
from soxauto_assets.evidence.period_store import ManifestStore
from soxauto_assets.evidence.signing import sign_statement
from soxauto_assets.period import Period
from soxauto_assets_tests.evidence.signed import signer

ITEMS = {"IPE_07": {"state": MISSING, "required": True, "reason": "it was never extracted", "superseded": []}}
SIGN = partial(sign_statement, signers=(signer(1),))


def write(store: ManifestStore, period: str = "2025-09", reason: str = "test") -> Manifest:
    return store.write("aws", Period.parse(period), ITEMS, "2025-10-08T06:00:00.000Z", reason, SIGN)


class ManifestStoreContract:
    """A subclass gives the fixture ``open_store``, which opens the same store again as another process would."""

    def test_the_sequence_begins_with_one_and_each_names_the_one_before(self, open_store):
        assert open_store().all() == [] and open_store().newest("2025-09") is None
        first, second = write(open_store()), write(open_store(), "2025-10")
        assert (first.sequence, first.predicate["previous"], first.predicate["month_before"]) == (1, None, None)
        assert second.predicate["previous"] == second.predicate["month_before"] == first.link()
        assert open_store().all() == [first, second]
        assert (open_store().newest("2025-09"), open_store().newest("2025-10")) == (first, second)

    def test_what_is_kept_is_the_envelope_itself(self, open_store):
        manifest = write(open_store())
        assert {number: read_manifest(text, number) for number, text in open_store().texts().items()} == {1: manifest}

    def test_equal_months_are_two_manifests(self, open_store):
        first, second = write(open_store()), write(open_store())
        assert (second.sequence, second.predicate["previous"]) == (2, first.link())
        assert open_store().newest("2025-09") == second

    def test_of_many_writers_at_once_one_sequence_comes(self, open_store):
        start = threading.Barrier(6)

        def run(number: int) -> None:
            store = open_store()
            start.wait()
            write(store, "2025-09", f"writer {number}")

        threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = {manifest.sequence: manifest for manifest in open_store().all()}
        assert sorted(kept) == [1, 2, 3, 4, 5, 6]
        assert len({manifest.predicate["reason"] for manifest in kept.values()}) == 6
        assert chain_faults(kept, list(kept), {"2025-09": "2025-08"}) == []
