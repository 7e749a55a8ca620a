"""Rewrites the LaTeX that models and people mix into formulas as plain calculator text."""

from __future__ import annotations

import re

from backend.kit.mathematics.errors import NotUnderstood

_MAX_COMMANDS = 500
_DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|displaystyle|limits|quad|qquad|[,;:!> ])(?![A-Za-z])|\\\(|\\\)|\\\[|\\\]|\$\$?"
)
_WRAPPED = re.compile(r"\\(?:text|mathrm|operatorname|mathbf|mathit|boxed)\s*\{([^{}]*)\}")
_MATRIX = re.compile(r"\\begin\{([pbvB]?matrix)\}(.*?)\\end\{\1\}", re.DOTALL)
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SIGNS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pm": "±", "le": "<=", "leq": "<=", "ge": ">=",
    "geq": ">=", "ne": "!=", "neq": "!=", "lt": "<", "gt": ">", "infty": " oo ", "circ": "°", "to": " -> ",
    "rightarrow": " -> ", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "bmod": " mod ",
    "lfloor": "floor(", "rfloor": ")", "lceil": "ceil(", "rceil": ")",
}  # fmt: skip


def plain(text: str) -> str:
    r"""Rewrite `\frac{1}{2}`, `\sqrt[3]{x}`, `\int_0^1`, matrices, Greek letters and signs.

    Text without a backslash comes back as it is, but for dollar signs around it.
    """
    if text.startswith("$") and text.endswith("$"):
        text = text.strip("$")
    if "\\" not in text:
        return text
    text = _MATRIX.sub(_matrix, text)
    text = text.replace("\\{", "(").replace("\\}", ")").replace("\\%", "%").replace("\\|", "|")
    text = _WRAPPED.sub(r" \1 ", _DROPPED.sub(" ", text))
    for _ in range(_MAX_COMMANDS):
        found = _last_command(text)
        if found is None:
            return _scripts(text)
        text = _rewritten(text, found)
    msg = f"more than {_MAX_COMMANDS} LaTeX commands"
    raise NotUnderstood(msg)


def _last_command(text: str) -> re.Match[str] | None:
    """Find the last command, so that arguments hold no commands when their owner is rewritten."""
    start = text.rfind("\\")
    return _COMMAND.match(text, start) if start >= 0 else None


def _rewritten(text: str, found: re.Match[str]) -> str:
    name, before, after = found.group(1), text[: found.start()], text[found.end() :]
    if name in {"frac", "dfrac", "tfrac", "cfrac"}:
        top, after = _argument(after)
        bottom, after = _argument(after)
        return f"{before}(({top})/({bottom})){after}"
    if name in {"binom", "dbinom", "tbinom"}:
        top, after = _argument(after)
        bottom, after = _argument(after)
        return f"{before} binomial({top}, {bottom}){after}"
    if name == "sqrt":
        return before + _root(after)
    meaning = _SIGNS.get(name)
    if meaning is not None:
        return before + meaning + after
    return f"{before} {name}{'' if after[:1] in {'^', '_', '('} else ' '}{after}"


def _root(after: str) -> str:
    degree = re.match(r"\s*\[([^\[\]]*)\]", after)
    inside, rest = _argument(after[degree.end() :] if degree else after)
    return f" root({inside}, {degree.group(1)}){rest}" if degree else f" sqrt({inside}){rest}"


def _argument(text: str) -> tuple[str, str]:
    """Split off the group in braces, or the single character, that a command applies to."""
    text = text.lstrip()
    if not text.startswith("{"):
        return text[:1], text[1:]
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[1:index], text[index + 1 :]
    msg = "a closing brace } is missing in the LaTeX"
    raise NotUnderstood(msg)


def _matrix(found: re.Match[str]) -> str:
    rows = [row for row in found.group(2).split("\\\\") if row.strip()]
    body = ", ".join(f"[{', '.join(row.split('&'))}]" for row in rows)
    return f" det([{body}]) " if found.group(1) == "vmatrix" else f" [{body}] "


def _scripts(text: str) -> str:
    """Turn the braces that are left, mostly of exponents, into brackets."""
    text = text.replace("^°", "°").replace("^{°}", "°").replace("^{ °}", "°")
    return re.sub(r"(?<!_)\{([^{}]*)\}", r"(\1)", text)
