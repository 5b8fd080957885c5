"""Settings of Trino: every one from the environment, none forgotten on the way to Dagster, no secret anywhere."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from soxauto_assets.catalog.witnesses import load_witnesses
from soxauto_assets.defs.resources import platform_resource
from soxauto_assets.defs.trino_resources import TrinoResource
from soxauto_assets.engines.trino import TrinoEngine
from soxauto_assets.engines.trino.connection import session_properties
from soxauto_assets.errors import CredentialsError, SettingsError
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.trino_settings import NEEDED, VARIABLES, TrinoSettings

GIVEN = {
    "TRINO_HOST": "trino.example.com",
    "TRINO_PORT": "8443",
    "TRINO_CA_FILE": "/etc/ca.pem",
    "TRINO_USER": "closer",
    "TRINO_AUTH": "password",
    "TRINO_SECRET_ENV": "TRINO_PASSWORD",
    "TRINO_CATALOG": "hive",
    "TRINO_SCHEMA": "scratch",
    "TRINO_UNLOAD_LOCATION": "s3://lake/scratch/",
    "TRINO_UNLOAD_PATH": "/mnt/scratch",
    "TRINO_SESSION": "hive.compression_codec=ZSTD, query_priority=1",
    "TRINO_TIMEOUT_SECONDS": "60",
    "TRINO_SCAN_LIMIT_BYTES": "5000000000",
}
SECRET = "hunter2-Sesame"


def test_each_setting_has_a_variable_and_is_told_in_the_example():
    example = (PROJECT / ".env.example").read_text("utf-8")
    assert set(VARIABLES) == {field.name for field in fields(TrinoSettings)}
    assert [name for name in VARIABLES.values() if not re.search(rf"^# {name}=", example, re.MULTILINE)] == []


def test_values_are_read_in_their_types_and_written_back_as_they_came():
    settings = TrinoSettings.from_environment(GIVEN)
    assert (settings.port, settings.timeout_seconds, settings.scan_limit_bytes) == (8443, 60, 5_000_000_000)
    assert settings.server == "trino.example.com:8443"
    assert settings.session_properties == {"hive.compression_codec": "ZSTD", "query_priority": "1"}
    assert TrinoSettings.from_environment(settings.variables()) == settings
    assert TrinoSettings.from_environment({"TRINO_HOST": ""}) == TrinoSettings()
    assert TrinoSettings(host="h").server == "h:443"
    assert TrinoSettings(host="h", scheme="http").server == "h:8080"


def test_the_server_is_told_the_limits_and_the_settings_own_word_comes_first():
    assert session_properties(TrinoSettings.from_environment(GIVEN)) == {
        "query_max_run_time": "120s",
        "query_max_scan_physical_bytes": "5000000000B",
        "hive.compression_codec": "ZSTD",
        "query_priority": "1",
    }
    assert session_properties(TrinoSettings(session="query_max_run_time=1h")) == {"query_max_run_time": "1h"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"TRINO_PORT": "http"}, "TRINO_PORT is 'http'. Next: set it to a number."),
        ({"TRINO_PORT": "70000"}, "TRINO_PORT is 70000. Next: set it to a port, 1 to 65535."),
        ({"TRINO_SCHEME": "ftp"}, "TRINO_SCHEME is 'ftp'. Next: set it to one of https, http."),
        ({"TRINO_TIMEOUT_SECONDS": "0"}, "TRINO_TIMEOUT_SECONDS is 0. Next: set it to a positive number."),
        ({"TRINO_SCAN_LIMIT_BYTES": "1.5"}, "TRINO_SCAN_LIMIT_BYTES is '1.5'. Next: set it to a number."),
        ({"TRINO_AUTH": "kerberos"}, "TRINO_AUTH is 'kerberos'. Next: set it to one of none, password, jwt."),
        (
            {"TRINO_UNLOAD_LOCATION": "/scratch"},
            "TRINO_UNLOAD_LOCATION is '/scratch'. Next: set it to a folder as Trino names it, scheme://…/folder.",
        ),
        (
            {"TRINO_UNLOAD_PATH": "s3://lake/scratch"},
            "TRINO_UNLOAD_PATH is 's3://lake/scratch'. Next: set it to an absolute folder on this machine; a bucket has to be "
            "mounted as one.",
        ),
        (
            {"TRINO_AUTH": "jwt"},
            "TRINO_AUTH is jwt, and 0 of TRINO_SECRET_ENV and TRINO_SECRET_FILE are set. Next: set the one that says where the "
            "secret is kept.",
        ),
        (
            {"TRINO_AUTH": "jwt", "TRINO_SECRET_FILE": "/run/token", "TRINO_SCHEME": "http"},
            "TRINO_AUTH is jwt, and TRINO_SCHEME is http: the secret would travel in the clear. Next: set TRINO_SCHEME=https.",
        ),
        (
            {"TRINO_SESSION": SECRET},
            "TRINO_SESSION has a part that is no session property. Next: write it as name=value,name=value.",
        ),
        (
            {"TRINO_SECRET_ENV": SECRET},
            "TRINO_SECRET_ENV is no name of an environment variable. Next: name the variable, not the secret.",
        ),
        (
            {"TRINO_HOST": f"https://closer:{SECRET}@trino"},
            "TRINO_HOST is no plain host name. Next: set it to the host alone; TRINO_PORT has the port.",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_a_misplaced_secret_is_not_shown(given: dict[str, str], message: str):
    with pytest.raises(SettingsError) as caught:
        TrinoSettings.from_environment(given)
    assert str(caught.value) == message


def test_the_secret_is_read_where_the_settings_say_and_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    by_name = TrinoSettings.from_environment(GIVEN)
    with pytest.raises(CredentialsError, match="the environment variable that TRINO_SECRET_ENV names is not set"):
        by_name.secret()
    monkeypatch.setenv("TRINO_PASSWORD", f"{SECRET}\n")
    assert by_name.secret() == SECRET
    file = tmp_path / "token"
    by_file = replace(by_name, auth="jwt", secret_env=None, secret_file=str(file))
    with pytest.raises(CredentialsError, match=r"cannot be read \(FileNotFoundError\)"):
        by_file.secret()
    file.write_text("")
    with pytest.raises(CredentialsError, match="is empty"):
        by_file.secret()
    file.write_text(f"{SECRET}\n")
    assert by_file.secret() == SECRET
    assert TrinoSettings(secret_file=str(file)).secret() is None
    for settings in (by_name, by_file):
        assert SECRET not in f"{settings!r} {settings.variables()} {vars(TrinoEngine(settings))}"


def test_the_environment_reaches_dagster_and_comes_back_the_same(tmp_path: Path):
    settings = Settings.from_environment({**GIVEN, "SOXAUTO_ENV": "trino", "SOXAUTO_HOME": str(tmp_path)})
    assert settings.bindings == PROJECT / "bindings" / "trino.yaml"
    platform = platform_resource(settings)
    assert isinstance(platform.engine, TrinoResource)
    assert set(TrinoResource.model_fields) == {*VARIABLES} - {"schema"} | {"scratch_schema"}
    assert platform.runtime.settings.trino == settings.trino
    assert isinstance(platform.runtime.engine, TrinoEngine)
    assert Settings.from_environment(settings.variables()) == settings
    assert isinstance(Runtime(settings).engine, TrinoEngine)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(name: str, tmp_path: Path):
    variable = VARIABLES[name]
    given = {**GIVEN, "SOXAUTO_ENV": "trino", "SOXAUTO_HOME": str(tmp_path), variable: ""}
    with pytest.raises(SettingsError, match=f"{variable} is not set, and environment 'trino' needs it"):
        platform_resource(Settings.from_environment(given))


def test_an_unknown_field_is_refused():
    needed = {"scratch_schema" if name == "schema" else name: "x" for name in NEEDED}
    with pytest.raises(ValidationError, match="hots"):
        TrinoResource(**needed, hots="x")


def test_no_binding_is_taken_for_granted_and_the_witnesses_are_those_of_production():
    bindings = load_bindings(PROJECT / "bindings" / "trino.yaml")
    known = load_bindings(PROJECT / "bindings" / "aws.yaml")
    assert bindings.environment == "trino"
    assert {binding.status for binding in bindings.sources.values()} == {"unknown"}
    assert bindings.sources.keys() == known.sources.keys()
    witnesses = [load_witnesses(PROJECT / "witnesses" / f"{name}.yaml") for name in ("aws", "trino")]
    assert witnesses[0] == witnesses[1]
