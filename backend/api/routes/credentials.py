"""`/api/admin/credentials`: secrets of providers and tools, which can be written and never read."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend.api.deps import Administrator, AppServices, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound, Unavailable
from backend.models.credentials import CredentialIn, CredentialOut
from backend.ports.credentials import Credentials

router = APIRouter(prefix="/api/admin/credentials", tags=["admin"], route_class=SafeRoute)


@router.get("")
async def list_credentials(_: Administrator, found: Services) -> list[CredentialOut]:
    """List every secret there may be, and where it comes from."""
    return [CredentialOut.of(one) for one in _credentials(found).standing()]


@router.put("/{name}")
async def put_credential(
    name: str, body: CredentialIn, admin: Administrator, found: Services
) -> CredentialOut:
    """Set a secret; the next request uses it, on every server."""
    value = body.value.get_secret_value()
    kept = await _credentials(found).put(name, value, by=admin.user.username)
    return CredentialOut.of(kept)


@router.delete("/{name}", status_code=204)
async def delete_credential(name: str, _: Administrator, found: Services) -> Response:
    """Forget a stored secret."""
    if not await _credentials(found).delete(name):
        raise NotFound("There is no such credential")
    return Response(status_code=204)


def _credentials(found: AppServices) -> Credentials:
    if found.credentials is None:
        raise Unavailable("This server keeps no credentials")
    return found.credentials
