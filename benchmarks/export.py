"""How long the export of a user with 10,000 messages takes: `PYTHONPATH=. python benchmarks/export.py`."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from pathlib import Path

from backend.bootstrap.moving_users import export_user
from backend.config.settings import Settings, load_settings
from backend.kit.ids import new_id
from backend.ports.stores import Conversation, StoredMessage, User
from backend.storage.stores import open_stores

CONVERSATIONS = 100
MESSAGES = 100
TARGET_S = 2.0


async def fill(settings: Settings) -> User:
    """Make the user."""
    stores = await open_stores(settings.database_url.get_secret_value())
    user = User(id=new_id("user"), username="Ann", password_hash="-", role="admin")
    await stores.users.add(user)
    for _ in range(CONVERSATIONS):
        talk = Conversation(id=new_id("conv"), user_id=user.id, title="A talk")
        said = [
            StoredMessage(
                id=new_id("msg"),
                conversation_id=talk.id,
                message={"role": "user", "content": f"Message {at}. " + "Some words. " * 40},
            )
            for at in range(MESSAGES)
        ]
        await stores.conversations.create(talk, said)
    await stores.aclose()
    return user


def main() -> None:
    """Print the seconds of one export, the archive's size, and the target."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(env_file=Path(folder, "no.env"), environ={"DATA_DIR": folder})
        user = asyncio.run(fill(settings))
        out, started_s = io.BytesIO(), time.perf_counter()
        about = export_user(settings, user, out, with_password=False)
        took_s = time.perf_counter() - started_s
    rows, size = sum(about["counts"].values()), len(out.getvalue())
    sys.stdout.write(f"{rows:,} rows, {size:,} bytes: {took_s:.2f} s (target {TARGET_S:g} s)\n")


if __name__ == "__main__":
    main()
