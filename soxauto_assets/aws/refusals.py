"""What AWS refuses, in a person's words.

Here belongs the translation of botocore's errors: which of them are credentials, permissions, the clock, the network. What
does not belong here: failures of a query (``engines.athena``), which are states and not refusals.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from soxauto_assets.errors import CredentialsError, SoxautoError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_INVALID = {
    "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException", "InvalidToken",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_SKEWED = {"RequestTimeTooSkewed"}
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException", "ServiceUnavailable", "503"}


def code_of(error: "ClientError") -> str:
    """Return the error code of a refusal."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(act: str, renewal: Callable[[], str], error: type[SoxautoError]) -> Iterator[None]:
    """Turn botocore's errors into the product's; see :meth:`aws.session.AwsSession.asking`."""
    from botocore import exceptions as boto

    without_credentials = (
        boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError, boto.ProfileNotFound,
        boto.SSOError, boto.TokenRetrievalError,
    )  # fmt: skip
    try:
        yield
    except without_credentials as refusal:
        raise _credentials(act, f"there are no usable credentials ({type(refusal).__name__})", renewal) from refusal
    except boto.ClientError as refusal:
        raise _refused(act, refusal, renewal, error) from refusal
    except (boto.HTTPClientError, boto.ConnectionError) as refusal:
        raise error(
            f"AWS did not answer when asked to {act} ({type(refusal).__name__})",
            action="check network, region and endpoint, then start again",
        ) from refusal
    except boto.BotoCoreError as refusal:
        raise error(
            f"AWS could not be asked to {act} ({type(refusal).__name__}: {refusal})", action="correct the AWS settings"
        ) from refusal


def _refused(act: str, refusal: "ClientError", renewal: Callable[[], str], error: type[SoxautoError]) -> SoxautoError:
    code, message = code_of(refusal), str(refusal.response.get("Error", {}).get("Message", "")).strip().rstrip(".")
    if code in _EXPIRED:
        return _credentials(act, "the AWS credentials have expired", renewal)
    if code in _INVALID:
        return _credentials(act, f"AWS does not know the credentials ({code})", renewal)
    if code in _SKEWED:
        return error(
            f"AWS refused to {act}: this machine's clock differs by more than 15 minutes", action="set the clock (NTP)"
        )
    if code in _DENIED:
        detail = f" ({message})" if message else ""
        return error(
            f"the role may not {act}{detail}",
            action="grant the action (deploy/aws/policies.yaml lists what each role needs)",
        )
    if code in _THROTTLED:
        return error(f"AWS went on throttling when asked to {act} ({code})", action="wait a minute, then start again")
    return error(f"AWS refused to {act} ({code}: {message})", action="correct what AWS names, then start again")


def _credentials(act: str, cause: str, renewal: Callable[[], str]) -> CredentialsError:
    return CredentialsError(f"could not {act}: {cause}", action=f"{renewal()}, then start again")
