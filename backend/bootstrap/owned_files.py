"""Choose where files are kept: in a folder of this machine, or in a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backend.config.errors import SettingsError
from backend.config.object_groups import ObjectSettings
from backend.config.settings import Settings
from backend.kit.owned_files import OwnedFiles
from backend.kit.owned_folder import OwnedFolder

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3Config


def owned_files(settings: Settings, folder: Path) -> OwnedFiles:
    """Make what keeps the files that a folder is named after; with a bucket it is their cache.

    Raises:
        SettingsError: when OBJECTS__URL cannot be used, or its package is missing.
    """
    objects = settings.objects
    if objects.url is None:
        return OwnedFolder(folder)
    try:
        from backend.kit.owned_bucket import OwnedBucket  # noqa: PLC0415 - an optional package

        store = _store(objects, f"{objects.url.rstrip('/')}/{folder.name}")
    except ImportError as exc:
        msg = "OBJECTS__URL: buckets need the package obstore: .venv/bin/pip install obstore"
        raise SettingsError([msg]) from exc
    except Exception as exc:
        msg = f"OBJECTS__URL: {str(exc).splitlines()[0]} ({settings.origin('OBJECTS__URL')})"
        raise SettingsError([msg]) from exc
    return OwnedBucket(store, folder, max_cache_bytes=objects.cache_bytes)


def _store(objects: ObjectSettings, url: str) -> ObjectStore:
    from obstore.store import S3Store, from_url  # noqa: PLC0415 - an optional package

    if not url.startswith("s3"):
        return from_url(url)  # Google's and Azure's keys are read where their own tools look
    config: S3Config = {}
    if objects.endpoint:
        config["endpoint"] = objects.endpoint
    if objects.region:
        config["region"] = objects.region
    if objects.access_key_id and objects.secret_access_key:
        config["access_key_id"] = objects.access_key_id.get_secret_value()
        config["secret_access_key"] = objects.secret_access_key.get_secret_value()
    return S3Store.from_url(
        url,
        config=config,
        client_options={
            "allow_http": (objects.endpoint or "").startswith("http://"),
            "timeout": f"{objects.timeout_s}s",
        },
        retry_config={"max_retries": 3},
    )
