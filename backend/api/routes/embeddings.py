"""`POST /v1/embeddings`: vectors of texts, by the embedded model or one of the model servers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.agent.budgets import asked_of_texts
from backend.api.deps import Account, AppServices, Services
from backend.api.safe_json import SafeRoute
from backend.api.vector_json import vectors_body
from backend.api.while_connected import ClientLeft, while_connected
from backend.errors import InvalidRequest
from backend.models.embeddings import EmbeddingList, EmbeddingRequest
from backend.ports.accounts import Principal
from backend.ports.values import Usage
from backend.ports.vectors import VectorProvider, VectorRequest, Vectors, does_not_embed

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
        content = await while_connected(request, _embed(body, found, account))
    except ClientLeft:
        return Response(status_code=CLIENT_LEFT)
    return Response(content, media_type="application/json")


async def _embed(body: EmbeddingRequest, found: AppServices, account: Principal) -> bytes:
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
        vectors = await _within_budgets(provider, asked, found, account)
        span.note({"gen_ai.usage.input_tokens": vectors.prompt_tokens})
    watch.measuring.embedded(info.id, vectors.prompt_tokens)
    user_id, key_id = account.user.id, account.key_id or ""
    usage = Usage(prompt_tokens=vectors.prompt_tokens)
    found.usage.note(user_id, usage, model=info.id, route="embedding", key_id=key_id)
    if found.limits is not None:
        found.limits.spend(user_id, vectors.prompt_tokens)
    encoding = body.encoding_format or "float"
    return await vectors_body(vectors, model=body.model, encoding=encoding)


async def _within_budgets(
    provider: VectorProvider, asked: VectorRequest, found: AppServices, account: Principal
) -> Vectors:
    whose = account.user.id, account.key_id or ""
    hold = await found.budgets.take(asked_of_texts(whose, asked.model, asked.texts))
    used = 0
    try:
        vectors = await provider.embed(asked)
        used = vectors.prompt_tokens
    finally:
        await found.budgets.settle(hold, tokens=used)
    return vectors
