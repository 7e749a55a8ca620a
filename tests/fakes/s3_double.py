"""A server that speaks S3, on a socket of its own, with one bucket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.store import S3Store

BUCKET = "steward"
KEYS = {"access_key_id": "a-key", "secret_access_key": "a-secret", "region": "us-east-1"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Serve until the end; yield the address."""
    import boto3  # noqa: PLC0415 - half a second that other tests do not pay
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - likewise

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
        region_name=KEYS["region"],
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    try:
        yield address
    finally:
        server.stop()


def store_of(address: str, prefix: str) -> S3Store:
    """Reach the bucket below a prefix."""
    return S3Store(
        BUCKET,
        prefix=prefix,
        config={**KEYS, "endpoint": address},
        client_options={"allow_http": True, "timeout": "5s"},
        retry_config={"max_retries": 0},
    )
