"""Write the bill of materials of a release: CycloneDX JSON of what requirements.lock installs.

    python scripts/sbom.py requirements.lock > steward.cdx.json

The same lock gives the same bytes: nothing of the machine, the time or chance is in it.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from backend import __version__


def sbom(lock: str) -> str:
    """Make the bill of the pins in a lock file's text."""
    pins = [line.split("==") for line in lock.splitlines() if line and not line.startswith("#")]
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, lock))
    steward = Component(
        name="steward", version=__version__, type=ComponentType.APPLICATION, bom_ref="steward"
    )
    bom.metadata.component = steward
    for name, version in pins:
        address = PackageURL("pypi", name=name, version=version)
        part = Component(name=name, version=version, purl=address, bom_ref=address.to_string())
        bom.components.add(part)
    bom.register_dependency(steward, bom.components)
    written = json.loads(JsonV1Dot6(bom).output_as_string())
    written["metadata"].pop("timestamp", None)
    return json.dumps(written, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(sbom(Path(sys.argv[1]).read_text(encoding="utf-8")))
