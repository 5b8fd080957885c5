"""The local AWS endpoint: one URL that boto3 and awswrangler use unmodified through ``AWS_ENDPOINT_URL``.

Here belongs what stands in for AWS in tests: a gateway that verifies credentials, injects faults, answers Athena and the
identity calls of STS itself, and forwards the rest to ministack. What does not belong here: expectations of any test, and
anything that production code imports.

The endpoint refuses what AWS refuses. Where AWS's behaviour is not documented, the stricter reading is taken, and the
docstring at that place says so. What cannot be answered as Athena answers it is refused by name, never approximated.
"""

from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.gateway import Endpoint
from soxauto_assets_tests.aws.endpoint.lake import put_rows, register_table, upload_lake

__all__ = ["Credential", "Endpoint", "put_rows", "register_table", "upload_lake"]
