"""What is done on a screen, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.shown import OMITTED


class ClickParam(Shape):
    """`ClickParam` of the Responses wire."""

    type: Literal["click"] = "click"
    button: Literal["left", "right", "wheel", "back", "forward"]
    x: int
    y: int
    keys: list[str] | None = None


class DoubleClickAction(Shape):
    """`DoubleClickAction` of the Responses wire."""

    type: Literal["double_click"] = "double_click"
    x: int
    y: int
    keys: list[str] | None


class CoordParam(Shape):
    """`CoordParam` of the Responses wire."""

    x: int
    y: int


class DragParam(Shape):
    """`DragParam` of the Responses wire."""

    type: Literal["drag"] = "drag"
    path: list[CoordParam]
    keys: list[str] | None = None


class KeyPressAction(Shape):
    """`KeyPressAction` of the Responses wire."""

    type: Literal["keypress"] = "keypress"
    keys: list[str]


class MoveParam(Shape):
    """`MoveParam` of the Responses wire."""

    type: Literal["move"] = "move"
    x: int
    y: int
    keys: list[str] | None = None


class ScreenshotParam(Shape):
    """`ScreenshotParam` of the Responses wire."""

    type: Literal["screenshot"] = "screenshot"


class ScrollParam(Shape):
    """`ScrollParam` of the Responses wire."""

    type: Literal["scroll"] = "scroll"
    x: int
    y: int
    scroll_x: int
    scroll_y: int
    keys: list[str] | None = None


class TypeParam(Shape):
    """`TypeParam` of the Responses wire."""

    type: Literal["type"] = "type"
    text: str


class WaitParam(Shape):
    """`WaitParam` of the Responses wire."""

    type: Literal["wait"] = "wait"


ComputerAction = Annotated[
    ClickParam
    | DoubleClickAction
    | DragParam
    | KeyPressAction
    | MoveParam
    | ScreenshotParam
    | ScrollParam
    | TypeParam
    | WaitParam,
    Field(discriminator="type"),
]


class ComputerCallSafetyCheckParam(Shape):
    """`ComputerCallSafetyCheckParam` of the Responses wire."""

    id: str
    code: str | None = None
    message: str | None = None


class ComputerScreenshotImage(Shape):
    """`ComputerScreenshotImage` of the Responses wire."""

    type: Literal["computer_screenshot"] = "computer_screenshot"
    image_url: str = OMITTED
    file_id: str = OMITTED


class WebSearchActionSearchSourcesEntry(Shape):
    """`WebSearchActionSearchSourcesEntry` of the Responses wire."""

    type: Literal["url"]
    url: str


class WebSearchActionSearch(Shape):
    """`WebSearchActionSearch` of the Responses wire."""

    type: Literal["search"]
    query: str = OMITTED
    queries: list[str] = OMITTED
    sources: list[WebSearchActionSearchSourcesEntry] = OMITTED


class WebSearchActionOpenPage(Shape):
    """`WebSearchActionOpenPage` of the Responses wire."""

    type: Literal["open_page"]
    url: str | None = None


class WebSearchActionFind(Shape):
    """`WebSearchActionFind` of the Responses wire."""

    type: Literal["find_in_page"]
    url: str
    pattern: str
