"""Credentials: one session, the identity behind it, and what to do when it has expired.

Here belongs finding the credentials that the settings ask for, refreshing an assumed role, and saying who they are. What
does not belong here: what is done with a client.

There is no fallback: where a profile is named, credentials that come from anywhere else are refused.
"""

import getpass
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from soxauto_assets.aws.refusals import translated
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.errors import CredentialsError, ExtractionError, SoxautoError

if TYPE_CHECKING:
    import boto3
    import botocore.credentials
    import botocore.session

# Ways in which botocore finds credentials that no profile names.
_NOT_OF_A_PROFILE = {"env", "container-role", "iam-role", "boto-config", "explicit"}
_SSO_PROFILE = "soxauto-sso"


class AwsSession:
    """Clients with the credentials that the settings ask for.

    Args:
        settings: The AWS settings.
    """

    def __init__(self, settings: AwsSettings):
        self.settings = settings
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """Return a boto3 client, made once. It retries throttling and transient faults, with jitter and a bound.

        Raises:
            CredentialsError: There are no credentials as the settings ask for.
        """
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                # Reads are answered within seconds; a lost answer is asked again, under the same idempotency token.
                config = Config(
                    retries={"mode": "standard", "total_max_attempts": 8},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=16,
                    s3={"addressing_style": "path"} if self.settings.endpoint_url else None,
                )
                self._clients[service] = self._boto.client(service, endpoint_url=self._endpoint(service), config=config)
            return self._clients[service]

    @cached_property
    def identity(self) -> dict[str, str]:
        """Who the credentials are, as STS says: account, ARN and user id. Asked once.

        Raises:
            CredentialsError: There are none, or they have expired.
        """
        with self.asking("say who the credentials are"):
            caller = self.client("sts").get_caller_identity()
        return {"aws_account": caller["Account"], "aws_arn": caller["Arn"], "aws_user_id": caller["UserId"]}

    @contextmanager
    def asking(self, act: str, error: type[SoxautoError] = ExtractionError) -> Iterator[None]:
        """Turn what AWS refuses inside the block into one of the product's errors.

        Args:
            act: What was asked, as an infinitive: ``read table x``.
            error: The error for everything but credentials.

        Raises:
            CredentialsError: Missing, expired or foreign credentials, with the command that renews them.
            SoxautoError: ``error``, for any other refusal.
        """
        with translated(act, self.renewal, error):
            yield

    def close(self) -> None:
        """Close the connections of all clients; the next one that is asked for is made anew."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def renewal(self) -> str:
        """Return what a person does to renew the credentials."""
        name = self._profile_name
        if name is None:
            return "export new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE"
        profile = self._profiles().get(name, {})
        if name == _SSO_PROFILE:
            return f"sign in to {self.settings.sso_start_url} ('aws sso login' with a profile of that start URL)"
        if profile.keys() & {"sso_session", "sso_start_url"}:
            return f"run 'aws sso login --profile {name}'"
        if "credential_process" in profile:
            return f"sign in to Okta again, with the tool that profile {name} names as its credential_process"
        return f"put new temporary credentials into profile {name} ('aws configure --profile {name}')"

    @cached_property
    def _boto(self) -> "boto3.Session":
        """The session with credentials; a role to assume is put on top."""
        import boto3

        source = self._source
        credentials = self._require_credentials(source)
        if self.settings.role_arn:
            source._credentials = self._assumed(source, credentials)
        return boto3.Session(botocore_session=source, region_name=self.settings.region)

    @cached_property
    def _source(self) -> "botocore.session.Session":
        import botocore.session

        source = botocore.session.Session(profile=self._profile_name)
        source.set_config_variable("region", self.settings.region)
        if self._profile_name == _SSO_PROFILE:
            # The profile that the AWS_SSO_ variables describe, for people who keep no AWS configuration file.
            source.full_config.setdefault("profiles", {})[_SSO_PROFILE] = {
                "sso_start_url": self.settings.sso_start_url,
                "sso_region": self.settings.sso_region or self.settings.region,
                "sso_account_id": self.settings.sso_account_id,
                "sso_role_name": self.settings.sso_role_name,
            }
        return source

    @property
    def _profile_name(self) -> str | None:
        if self.settings.profile is None and self.settings.sso_start_url:
            return _SSO_PROFILE
        return self.settings.profile

    def _profiles(self) -> dict[str, Any]:
        profiles: dict[str, Any] = self._source.full_config.get("profiles", {})
        return profiles

    def _require_credentials(self, source: "botocore.session.Session") -> "botocore.credentials.Credentials":
        with self.asking("find credentials"):
            found = source.get_credentials()
        if found is None:
            where = f"profile {self._profile_name}" if self._profile_name else "the environment"
            raise CredentialsError(f"{where} gives no AWS credentials", action=f"{self.renewal()}, then start again")
        personal = self._profile_name is not None or self.settings.use_okta_auth
        if personal and found.method in _NOT_OF_A_PROFILE:
            wanted = f"profile {self._profile_name}" if self._profile_name else "USE_OKTA_AUTH asks for a profile and"
            raise CredentialsError(
                f"{wanted} gives no credentials; those found come from {found.method} and are not used in their place",
                action=f"{self.renewal()}, then start again",
            )
        return found

    def _assumed(self, source: "botocore.session.Session", credentials: "botocore.credentials.Credentials") -> Any:
        """Return credentials of the role, which refresh themselves before they expire."""
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        def create_client(service: str, **arguments: Any) -> Any:
            return source.create_client(
                service, region_name=self.settings.region, endpoint_url=self._endpoint(service), **arguments
            )

        # The session name is what CloudTrail shows; it says which person's machine asked.
        name = re.sub(r"[^A-Za-z0-9+=,.@_-]", "-", f"soxauto-{getpass.getuser()}")[:64]
        fetcher = AssumeRoleCredentialFetcher(
            create_client, credentials, self.settings.role_arn, extra_args={"RoleSessionName": name}
        )
        return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)

    def _endpoint(self, service: str) -> str | None:
        return (self.settings.athena_endpoint_url if service == "athena" else None) or self.settings.endpoint_url
