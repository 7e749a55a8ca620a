"""The page behind a signed link: what is asked, two buttons, and later how it went. No script."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape

from backend.kit.json_values import dump_json
from backend.kit.plain_text import spelled_out
from backend.ports.approvals import Approval

STYLE = (
    ":root{color-scheme:light dark}h1{font-size:1.6rem}h2{font-size:1rem;margin:0}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"
    "overflow-wrap:anywhere}pre{margin:.2rem 0 1rem;white-space:pre-wrap;padding:.8rem;"
    "border:1px solid #8888;border-radius:.4rem}button{font:inherit;padding:.5rem 1.2rem;"
    "margin:0 .6rem 0 0}input{font:inherit;width:100%;box-sizing:border-box;margin:0 0 1rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
AFTERWARDS = 'To go on in the chat that brought you here, send "go on" there.'
REFRESH_S = 3
STATES = {
    "approved": "You allowed this call.",
    "denied": "You did not allow this call.",
    "expired": "This can no longer be decided; nothing was done.",
}
RUNS = {
    "waiting": "Other calls of the same run still wait for your word.",
    "running": "The run goes on; this page looks again by itself.",
    "completed": "The answer:",
    "failed": "The run failed:",
    "cancelled": "The run has ended:",
    "interrupted": "The run was interrupted:",
}


def question(approval: Approval, *, told: str = "") -> str:
    """Show what is asked, with the two buttons; `told` is why a decision could not be taken."""
    until = datetime.fromtimestamp(approval.expires_at_ms / 1000, tz=UTC)
    body = (
        f"<h1>May this call be made?</h1>{f'<p><strong>{escape(told)}</strong></p>' if told else ''}{_call(approval)}"
        f"<p>Why you are asked: {escape(approval.reason)}.</p>"
        '<form method="post"><label for="note">A word to the assistant, if you do not allow it'
        '</label><input id="note" name="note" maxlength="1000" autocomplete="off">'
        '<button name="decision" value="approve">Allow</button>'
        '<button name="decision" value="deny">Do not allow</button></form>'
        f"<p>This can be decided until {until:%Y-%m-%d %H:%M} UTC.</p>"
    )
    return _page("A call waits for you", body)


def outcome(approval: Approval, *, state: str, answer: str) -> str:
    """Show what was decided, and what came of it once it is there."""
    running = state in {"running", "waiting"}
    said = f"<pre>{escape(answer)}</pre>" if answer else ""
    body = (
        f"<h1>{escape(STATES.get(approval.state, ''))}</h1>{_call(approval)}"
        f"<p>{escape(RUNS.get(state, ''))}</p>{said}"
        f"<p>{escape(AFTERWARDS)}</p>"
    )
    return _page("Decided", body, refresh=running)


def invalid() -> str:
    """Say that there is nothing behind the link."""
    body = (
        "<h1>This link is not valid</h1><p>It was changed, or what it asked is gone. "
        "Log in to Steward to see what waits for you.</p>"
    )
    return _page("Not valid", body)


def _call(approval: Approval) -> str:
    values = (
        f"<h2>{escape(spelled_out(name))}</h2><pre>{escape(spelled_out(_value(value)))}</pre>"
        for name, value in approval.arguments.items()
    )
    return f"<p><strong>{escape(approval.tool)}</strong></p>{''.join(values)}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else dump_json(value)


def _page(title: str, body: str, *, refresh: bool = False) -> str:
    again = f'<meta http-equiv="refresh" content="{REFRESH_S}">' if refresh else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{again}<title>{escape(title)} - Steward</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )
