"""A web reader whose pages a test writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.ports.web import PageUnreadable, WebPage


@dataclass
class ScriptedWeb:
    """The `WebReader` over a dictionary; `asked` lists every address in order."""

    pages: dict[str, WebPage | PageUnreadable] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)

    def page(self, url: str, text: str, **more: object) -> None:
        """Have a page at an address."""
        fields = {"title": "", "media_type": "text/html", **more}
        self.pages[url] = WebPage(url=url, text=text, **fields)  # type: ignore[arg-type]

    async def read(self, url: str, *, owner: str = "") -> WebPage:
        self.owners.append(owner)
        self.asked.append(url)
        found = self.pages.get(url) or PageUnreadable("There is no such page (status 404).")
        if isinstance(found, PageUnreadable):
            raise found
        return found

    async def aclose(self) -> None:
        """Nothing is held."""
