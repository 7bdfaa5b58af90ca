"""A real S3-compatible server in a process of its own, which asks for keys and checks signatures: moto."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import obstore
from obstore.store import S3Store

LOOPBACK = "127.0.0.1"
BUCKET = "papers"
REGION = "eu-central-1"
WITHIN_S = 120.0
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
UNASKED = 4
"""So many calls are taken without a signature: those that found the server's user and its bucket."""


@dataclass
class BucketServer:
    """A server with one user and one bucket; everything it keeps is gone when it stops."""

    port: int
    process: subprocess.Popen[bytes] | None = None
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program needs to reach it, as every such program reads it."""
        return {
            "AWS_ENDPOINT": self.url, "AWS_REGION": REGION, "AWS_ALLOW_HTTP": "true", **self.keys,
        }  # fmt: skip

    def start(self) -> None:
        """Start it, with an empty bucket; the keys are new ones unless it had some."""
        command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": str(UNASKED)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with httpx.Client(base_url=self.url, timeout=30) as client:
            self._wait(client)
            self._found(client)

    def stop(self) -> None:
        """End it as a machine that fails does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def objects(self) -> list[str]:
        """Names of what the bucket holds."""
        bucket = S3Store(
            BUCKET,
            endpoint=self.url,
            region=REGION,
            access_key_id=self.keys["AWS_ACCESS_KEY_ID"],
            secret_access_key=self.keys["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
        )
        return sorted(one["path"] for page in obstore.list(bucket) for one in page)

    def _wait(self, client: httpx.Client) -> None:
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            assert self.process is not None
            assert self.process.poll() is None, "the server ended at its start"
            with suppress(httpx.TransportError):
                client.get("/moto-api/")
                return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def _found(self, client: httpx.Client) -> None:
        def iam(action: str, **more: str) -> str:
            form = {"Action": action, "Version": "2010-05-08", "UserName": "documents", **more}
            answer = client.post("/", data=form, headers={"authorization": _unsigned("iam")})
            assert answer.status_code == 200, answer.text
            return answer.text

        iam("CreateUser")
        made = iam("CreateAccessKey")
        iam("PutUserPolicy", PolicyName="all", PolicyDocument=POLICY)
        where = (
            f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        )
        answer = client.put(f"/{BUCKET}", content=where, headers={"authorization": _unsigned("s3")})
        assert answer.status_code == 200, answer.text
        names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey"}
        self.keys = {
            name: found.group(1)
            for name, tag in names.items()
            if (found := re.search(f"<{tag}>([^<]+)</{tag}>", made)) is not None
        }


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """A server while the block runs."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        server = BucketServer(int(one.getsockname()[1]))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _unsigned(service: str) -> str:
    """Whom a call is for; it is not signed, and need not be."""
    scope = f"setup/20260101/{REGION}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
