"""Human acts: one shape, never overwritten."""

from datetime import UTC, datetime

from soxauto_assets.acts import Act, ActLog
from soxauto_assets.numbered import LocalNumberedLog


def act(person: str = "A Reviewer") -> Act:
    return Act(
        act="confirm_binding",
        subject_kind="binding",
        subject="gl_entries",
        digest="ab" * 32,
        person=person,
        reason=None,
        time=datetime(2025, 10, 17, 9, 30, tzinfo=UTC),
        performed_by={"os_user": "u"},
        details={"table": "a.b"},
    )


def test_an_act_says_who_did_what_to_which_content_and_that_it_is_unsigned(tmp_path):
    log = ActLog(LocalNumberedLog(tmp_path / "acts"))
    assert log.all() == []
    assert log.append(act()) == 1
    assert log.all() == [
        {
            "act": "confirm_binding",
            "subject": {"kind": "binding", "name": "gl_entries", "sha256": "ab" * 32},
            "person": "A Reviewer",
            "reason": None,
            "time": "2025-10-17T09:30:00.000+00:00",
            "performed_by": {"os_user": "u"},
            "key": None,
            "signature": "unsigned",
            "details": {"table": "a.b"},
            "ordinal": 1,
        }
    ]


def test_an_act_is_never_overwritten(tmp_path):
    log = ActLog(LocalNumberedLog(tmp_path / "acts"))
    log.append(act())
    before = (tmp_path / "acts" / "0001.json").read_bytes()
    assert log.append(act("Another")) == 2
    assert (tmp_path / "acts" / "0001.json").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "acts").iterdir()) == ["0001.json", "0002.json"]
