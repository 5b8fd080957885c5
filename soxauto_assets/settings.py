"""Settings of a deployment: which environment, and where its files are.

Here belongs reading the environment variables, once, with where each value came from. What does not belong here:
configuration of the catalog (``catalog.configuration``) and clients of any kind.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.errors import SettingsError
from soxauto_assets.period import Period
from soxauto_assets.trino_settings import TrinoSettings

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("demo", "lake", "aws", "trino")
FIRST_PERIOD = "2024-08"
_OWN_CATALOGS = {"memory", "system", "temp"}


@dataclass(frozen=True)
class Settings:
    """The settings in force.

    Attributes:
        environment: ``demo``, ``lake``, ``aws`` or ``trino``.
        home: Folder of datasets, evidence and Dagster's storage; in ``aws``, of local copies and Dagster's storage.
        lake: The lake folder.
        bindings: The bindings file.
        witnesses: The register of witnesses; it need not exist.
        configuration: File that replaces configuration keys, or None.
        first_period: First period offered.
        memory_limit: DuckDB's memory limit.
        signing_key: Key that signs evidence: a file, or an ARN or alias of AWS KMS; None = a file below ``home``, except in
            ``aws``, where one must be named.
        trust: The trust file that sealed evidence is held to when it is read; None = none is.
        tsa_url: Time authority that confirms when evidence was signed (RFC 3161); None = nobody does.
        tsa_ca: Its root certificate.
        attached: Database files that the DuckDB engine attaches, by catalog.
        aws: Settings of AWS, in environment ``aws``.
        trino: Settings of Trino, in environment ``trino``.
    """

    environment: str
    home: Path
    lake: Path
    bindings: Path
    witnesses: Path
    configuration: Path | None
    first_period: Period
    memory_limit: str
    signing_key: str | None = None
    trust: Path | None = None
    tsa_url: str | None = None
    tsa_ca: Path | None = None
    attached: tuple[tuple[str, Path], ...] = ()
    aws: AwsSettings | None = None
    trino: TrinoSettings | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None, lake: Path | None = None) -> "Settings":
        """Read the settings.

        Args:
            variables: Environment variables; None = those of the process.
            lake: A lake folder given on the command line; it makes the environment ``lake`` unless one is set.

        Raises:
            SettingsError: A variable names something that does not exist.
        """
        given = {name: value for name, value in (os.environ if variables is None else variables).items() if value}
        environment = given.get("SOXAUTO_ENV") or ("lake" if lake else "demo")
        if lake and environment == "demo":
            environment = "lake"
        if environment not in ENVIRONMENTS:
            raise SettingsError(f"SOXAUTO_ENV is {environment!r}", action=f"set it to one of {', '.join(ENVIRONMENTS)}")
        home = Path(given.get("SOXAUTO_HOME", _default_home())).expanduser().resolve()
        folder = lake or (Path(given["SOXAUTO_LAKE"]) if "SOXAUTO_LAKE" in given else None)
        if ("SOXAUTO_TSA_URL" in given) != ("SOXAUTO_TSA_CA" in given):
            raise SettingsError(
                "of SOXAUTO_TSA_URL and SOXAUTO_TSA_CA only one is set",
                action="set both: the authority's address, and the file of its root certificate",
            )
        if folder is None and environment == "lake":
            raise SettingsError("no lake folder is given", action="give --lake DIR or set SOXAUTO_LAKE")
        override = given.get("SOXAUTO_CONFIGURATION")
        return cls(
            environment=environment,
            home=home,
            lake=(folder or home / "lake").expanduser().resolve(),
            bindings=_of(Path(given.get("SOXAUTO_BINDINGS", PROJECT / "bindings")), environment),
            witnesses=_of(Path(given.get("SOXAUTO_WITNESSES", PROJECT / "witnesses")), environment),
            configuration=Path(override) if override else None,
            first_period=Period.parse(given.get("SOXAUTO_FIRST_PERIOD", FIRST_PERIOD)),
            memory_limit=given.get("SOXAUTO_MEMORY_LIMIT", "512MB"),
            signing_key=given.get("SOXAUTO_SIGNING_KEY"),
            trust=_path(given.get("SOXAUTO_TRUST")),
            tsa_url=given.get("SOXAUTO_TSA_URL"),
            tsa_ca=_path(given.get("SOXAUTO_TSA_CA")),
            attached=_attached(given.get("SOXAUTO_ATTACH", "")),
            aws=AwsSettings.from_environment(given) if environment == "aws" else None,
            trino=TrinoSettings.from_environment(given) if environment == "trino" else None,
        )

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage, shared by command line and UI."""
        return self.home / "dagster"

    @property
    def keys(self) -> Path:
        """Folder of the keys that the product makes itself."""
        return self.home / "keys"

    def require_signing_key(self) -> str:
        """Return the key that signs evidence, where one must be named.

        Raises:
            SettingsError: None is.
        """
        if not self.signing_key:
            raise SettingsError(
                f"SOXAUTO_SIGNING_KEY is not set, and environment {self.environment!r} needs it",
                action="set it to the ARN or alias of a KMS key of kind ECC_NIST_P256 (deploy/aws/storage.yaml makes one)",
            )
        return self.signing_key

    def variables(self) -> dict[str, str]:
        """Return the environment variables that give these settings to a child process."""
        values = {
            "SOXAUTO_ENV": self.environment,
            "SOXAUTO_HOME": str(self.home),
            "SOXAUTO_LAKE": str(self.lake),
            "SOXAUTO_BINDINGS": str(self.bindings),
            "SOXAUTO_WITNESSES": str(self.witnesses),
            "SOXAUTO_FIRST_PERIOD": self.first_period.key,
            "SOXAUTO_MEMORY_LIMIT": self.memory_limit,
            "DAGSTER_HOME": str(self.dagster_home),
        }
        if self.attached:
            values["SOXAUTO_ATTACH"] = ",".join(f"{name}={path}" for name, path in self.attached)
        if self.configuration:
            values["SOXAUTO_CONFIGURATION"] = str(self.configuration)
        optional = {
            "SOXAUTO_SIGNING_KEY": self.signing_key,
            "SOXAUTO_TRUST": self.trust,
            "SOXAUTO_TSA_URL": self.tsa_url,
            "SOXAUTO_TSA_CA": self.tsa_ca,
        }
        values |= {name: str(value) for name, value in optional.items() if value}
        for engine in (self.aws, self.trino):
            values |= engine.variables() if engine else {}
        return values


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


def _attached(text: str) -> tuple[tuple[str, Path], ...]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, path = (word.strip() for word in part.partition("="))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not equals or not path or name in _OWN_CATALOGS:
            raise SettingsError(
                f"SOXAUTO_ATTACH has the part {part!r}",
                action="write it as catalog=FILE,catalog=FILE; a catalog is lower case letters, digits and underscores, and "
                f"none of DuckDB's own ({', '.join(sorted(_OWN_CATALOGS))})",
            )
        found.append((name, Path(path).expanduser().resolve()))
    return tuple(found)


def _of(given: Path, environment: str) -> Path:
    """Return the file: the one given, or the environment's in a folder."""
    return given / f"{environment}.yaml" if given.is_dir() else given


def _default_home() -> Path:
    """Return ``.soxauto`` beside pyproject.toml, or in the working folder where the package is installed as a wheel."""
    return (PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()) / ".soxauto"
