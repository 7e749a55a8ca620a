"""What `doctor --fix` takes for left behind is nobody's any more."""

from __future__ import annotations

from pathlib import Path

from backend.bootstrap.backing_up import STAGING
from backend.bootstrap.upkeep import look_at_ground
from backend.config.settings import load_settings
from backend.kit.folder_lock import working_folder
from backend.ports.findings import Finding


def left_behind(data: Path) -> list[Finding]:
    """Look, and mend."""
    settings = load_settings(env_file=data / "no.env", environ={"DATA_DIR": str(data)})
    return [one for one in look_at_ground(settings, mend=True) if one.name == "left behind"]


def test_a_backup_that_is_being_made_keeps_its_folder(tmp_path):
    """It would break off; what one that was killed had made goes."""
    (tmp_path / f"{STAGING}killed").mkdir()
    (tmp_path / f"{STAGING}killed" / "steward.db").write_bytes(b"half")
    with working_folder(tmp_path, STAGING) as folder:
        (folder / "steward.db").write_bytes(b"half")
        [found] = left_behind(tmp_path)
        assert found.state == "ok"
        assert [one.name for one in tmp_path.glob(f"{STAGING}*")] == [folder.name]
        assert left_behind(tmp_path) == []
    assert list(tmp_path.glob(f"{STAGING}*")) == []
