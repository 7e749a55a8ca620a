"""`POST /v1/embeddings`: vectors of texts, by the embedded model or one of the model servers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.deps import Account, AppServices, Services
from backend.api.safe_json import SafeRoute
from backend.api.vector_json import vectors_body
from backend.api.while_connected import ClientLeft, while_connected
from backend.errors import InvalidRequest
from backend.models.embeddings import EmbeddingList, EmbeddingRequest
from backend.ports.values import Usage
from backend.ports.vectors import VectorProvider, VectorRequest, does_not_embed

router = APIRouter(prefix="/v1", tags=["openai"], route_class=SafeRoute)
CLIENT_LEFT = 499


@router.post("/embeddings", response_model=EmbeddingList)
async def create_embedding(
    body: EmbeddingRequest, request: Request, account: Account, found: Services
) -> Response:
    """Embed one text or up to 2,048, given as text or as token numbers of `cl100k_base`.

    A text longer than the model reads is refused; nothing is cut.
    """
    account.require("chat")
    try:
        content = await while_connected(request, _embed(body, found, account.user.id))
    except ClientLeft:
        return Response(status_code=CLIENT_LEFT)
    return Response(content, media_type="application/json")


async def _embed(body: EmbeddingRequest, found: AppServices, user_id: str) -> bytes:
    texts = await found.token_input.texts(body.input, param="input")
    for at, text in enumerate(texts):
        if not text:
            name = "input" if isinstance(body.input, str) else f"input[{at}]"
            msg = f"'{name}' is an empty text, which has no embedding; leave it out."
            raise InvalidRequest(msg, param="input")
    provider, info = await found.catalog.resolve(body.model)
    if not isinstance(provider, VectorProvider):
        raise does_not_embed(body.model)
    asked = VectorRequest(model=info.id, texts=texts, dimensions=body.dimensions)
    watch = found.options.watch
    about = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": provider.name,
        "gen_ai.request.model": info.id,
    }
    with watch.tracing.span(f"embeddings {info.id}", kind="client", attributes=about) as span:
        vectors = await provider.embed(asked)
        span.note({"gen_ai.usage.input_tokens": vectors.prompt_tokens})
    watch.measuring.embedded(info.id, vectors.prompt_tokens)
    usage = Usage(prompt_tokens=vectors.prompt_tokens)
    found.usage.note(user_id, usage, model=info.id, route="embedding")
    if found.limits is not None:
        found.limits.spend(user_id, vectors.prompt_tokens)
    encoding = body.encoding_format or "float"
    return await vectors_body(vectors, model=body.model, encoding=encoding)
