"""STS: who the caller is, and temporary keys of registered roles.

Here belongs GetCallerIdentity and AssumeRole. What does not belong here: federation; other actions of STS are refused.
"""

import re
from datetime import timedelta
from uuid import uuid4
from xml.sax.saxutils import escape

from soxauto_assets_tests.aws.endpoint.calls import Call, Request
from soxauto_assets_tests.aws.endpoint.credentials import Credential, Credentials
from soxauto_assets_tests.aws.endpoint.errors import AwsError, Response, xml_response

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


def answer(credentials: Credentials, credential: Credential, call: Call, request: Request) -> Response:
    """Answer a call of STS.

    Raises:
        AwsError: The action is not known, or it is refused.
    """
    if call.action == "GetCallerIdentity":
        return _answer(
            call.action,
            f"<Arn>{escape(credential.arn)}</Arn><UserId>{credential.user_id}</UserId><Account>{credential.account}</Account>",
        )
    if call.action == "AssumeRole":
        return _assume_role(credentials, credential, request)
    raise AwsError("InvalidAction", f"Could not find operation {call.action} for version 2011-06-15")


def _assume_role(credentials: Credentials, credential: Credential, request: Request) -> Response:
    form = request.form()
    arn, name = form.get("RoleArn", ""), form.get("RoleSessionName", "")
    seconds = int(form.get("DurationSeconds", "3600"))
    if not _SESSION_NAME.fullmatch(name):
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [\\w+=,.@-]*",
        )
    if not 900 <= seconds <= 43200:
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must "
            "have value between 900 and 43200",
        )
    role = credentials.role(arn)
    if role is None or role["external_id"] != form.get("ExternalId"):
        raise AwsError(
            "AccessDenied",
            f"User: {credential.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            403,
        )
    account, role_name = arn.split(":")[4], arn.rpartition("/")[2]
    asked = timedelta(seconds=seconds)
    lifetime = asked if role["lifetime"] is None else min(asked, role["lifetime"])
    session = credentials.register(
        account=account,
        arn=f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
        expires=credentials.now() + lifetime,
        deny=role["deny"],
    )
    session.user_id = f"AROA{session.key_id[4:]}:{name}"
    expiration = (credentials.now() + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _answer(
        "AssumeRole",
        f"<Credentials><AccessKeyId>{session.key_id}</AccessKeyId><SecretAccessKey>{session.secret}</SecretAccessKey>"
        f"<SessionToken>{session.token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>{escape(session.arn)}</Arn><AssumedRoleId>{session.user_id}</AssumedRoleId>"
        "</AssumedRoleUser>",
    )


def _answer(action: str, result: str) -> Response:
    return xml_response(
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    )
