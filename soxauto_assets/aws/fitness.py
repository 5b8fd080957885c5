"""What a bucket must have before anything is written into it.

Here belong the questions and the commands that put it right. What does not belong here: policies, roles and keys (``deploy/``).
"""

from typing import Any

from soxauto_assets.aws.refusals import code_of

REMEDIES = {
    "versioning": "aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled",
    "Object Lock": (
        "aws s3api put-object-lock-configuration --bucket {bucket} "
        "--object-lock-configuration ObjectLockEnabled=Enabled"
    ),
}


def missing(s3: Any, place: dict[str, str], lock: bool) -> tuple[str, ...]:
    """Return which of ``versioning`` and ``Object Lock`` a bucket lacks.

    Args:
        s3: The S3 client.
        place: Arguments that name the bucket.
        lock: Whether Object Lock is asked for.
    """
    versioned = s3.get_bucket_versioning(**place).get("Status") == "Enabled"
    locked = not lock or _has_lock(s3, place)
    return tuple(name for name, there in (("versioning", versioned), ("Object Lock", locked)) if not there)


def _has_lock(s3: Any, place: dict[str, str]) -> bool:
    from botocore.exceptions import ClientError

    try:
        answer = s3.get_object_lock_configuration(**place)
    except ClientError as refusal:
        if code_of(refusal) == "ObjectLockConfigurationNotFoundError":
            return False
        raise
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")
