"""The local AWS: S3, KMS, STS, Glue and CloudFormation on loopback, in a process of its own."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from soxauto_assets.settings import PROJECT

REGION = "eu-west-1"
ACCOUNT = "000000000000"
PYTHON = Path(os.environ.get("SOXAUTO_MINISTACK_PYTHON", PROJECT / ".venv-aws" / "bin" / "python"))


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MiniStack:
    """A running ministack.

    Args:
        folder: Where it writes its log and temporary files.
    """

    def __init__(self, folder: Path):
        if not PYTHON.is_file():
            raise RuntimeError(f"{PYTHON} is missing: run 'make test-aws', which installs the local AWS")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = open(folder / "ministack.log", "wb")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"],
            cwd=folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_REGION": REGION,
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "SERVICES": "s3,kms,sts,iam,glue,cloudformation",
            },
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            if self._process.poll() is not None:
                raise RuntimeError("the local AWS ended at once; see ministack.log")
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the local AWS did not answer within 30 seconds")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
