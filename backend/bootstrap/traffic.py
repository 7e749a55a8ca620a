"""Open the model servers of a server: watched while it runs, with kept answers before them."""

from __future__ import annotations

import asyncio

from backend.bootstrap.documents import Ground
from backend.bootstrap.upstreams import Upstreams, given_key, make_upstreams
from backend.llm.kept_answers import KeptAnswers, KeptAnswersOptions
from backend.ports.kept_answers import KeptBounds
from backend.ports.models import ModelProvider


def open_upstreams(ground: Ground) -> Upstreams:
    """Make the providers; servers of which there are several are looked at while the server runs."""
    settings = ground.settings
    made = make_upstreams(settings, ground.clock, key_of=ground.key_of or given_key(settings))
    for group in made.several:
        ground.stack.callback(asyncio.create_task(group.keep_watch()).cancel)
    if settings.answer_cache.mode != "off":
        builtin, *others = made.providers
        made.providers = [builtin, *(_keeping(ground, one) for one in others)]
    return made


def _keeping(ground: Ground, provider: ModelProvider) -> ModelProvider:
    """Give answers of a provider again; the built-in model answers faster than a look-up."""
    given = ground.settings.answer_cache
    bounds = KeptBounds(
        ttl_ms=given.ttl_s * 1000, max_rows=given.max_rows, max_bytes=given.max_bytes
    )
    options = KeptAnswersOptions(bounds=bounds, shared=given.shared)
    return KeptAnswers(provider, ground.stores.kept_answers, options, ground.clock)
