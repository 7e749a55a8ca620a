"""`/v1/models`: which models there are, and what each is for."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from backend.api.deps import Account, Services
from backend.api.openai_wire import model_object
from backend.api.safe_json import SafeRoute
from backend.errors import ModelNotFound, NotAllowed
from backend.models.model_list import ModelDeleted, ModelList, ModelOut

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)
JSON = "application/json"


@router.get("/models", response_model=ModelList)
async def list_models(account: Account, found: Services) -> Response:
    """List the models at hand; `x_capabilities` tells what each is for."""
    account.require("chat")
    data = [model_object(info) for info in await found.catalog.models()]
    return Response(orjson.dumps({"object": "list", "data": data}), media_type=JSON)


@router.get("/models/{model_id:path}", response_model=ModelOut)
async def get_model(model_id: str, account: Account, found: Services) -> Response:
    """Describe one model; ids may hold slashes and colons."""
    account.require("chat")
    if not model_id:
        raise ModelNotFound(param="model")
    _, info = await found.catalog.resolve(model_id)
    return Response(orjson.dumps(model_object(info)), media_type=JSON)


@router.delete("/models/{model_id:path}", response_model=ModelDeleted)
async def delete_model(model_id: str, account: Account, found: Services) -> Response:
    """Refuse: models belong to the server that runs them."""
    account.require("chat")
    _, info = await found.catalog.resolve(model_id)
    how = {"ollama": f"; remove it with `ollama rm {info.id}`"}.get(info.provider, "")
    msg = f"The model '{info.id}' cannot be deleted over this API{how}."
    raise NotAllowed(msg, param="model")
