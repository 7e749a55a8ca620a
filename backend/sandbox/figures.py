"""Figures inside the sandbox: a backend of matplotlib that saves what is shown.

Its text goes into the sandbox with each job, beside `boot`, and it stands alone like that.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing it would take time
    from typing import Any


class FigureFinder:
    """Gives matplotlib a backend whose `show` saves figures as files of the working folder."""

    name = "steward_figures"

    def __init__(self) -> None:
        self.quiet = False
        self.count = 0

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Know this one module."""
        if fullname != self.name:
            return None
        return type(sys.__spec__)(fullname, self)

    def create_module(self, spec: Any) -> Any:
        """Leave it to the interpreter."""
        return None

    def exec_module(self, module: Any) -> None:
        """Make the backend: the one that draws pictures, which notes what was saved by name."""
        import importlib

        drawing: Any = importlib.import_module("matplotlib.backends.backend_agg")

        class FigureCanvas(drawing.FigureCanvasAgg):
            def print_figure(self, filename: Any, *args: Any, **kwargs: Any) -> Any:
                if isinstance(filename, str | os.PathLike):
                    self.figure._steward_saved = True
                parent: Any = super()
                return parent.print_figure(filename, *args, **kwargs)

        module.FigureCanvas = FigureCanvas
        module.show = self.show

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Save every open figure that the code has not saved itself, then close it."""
        pyplot: Any = sys.modules["matplotlib.pyplot"]

        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if not self.quiet and figure.axes and not getattr(figure, "_steward_saved", False):
                figure.savefig(self.free_name(), bbox_inches="tight")
            pyplot.close(figure)

    def free_name(self) -> str:
        """Count on until a name is free."""
        while True:
            self.count += 1
            name = f"/box/figure-{self.count}.png"
            if not os.path.lexists(name):
                return name

    def finish(self) -> None:
        """Save what is still open at the end."""
        if "matplotlib.pyplot" in sys.modules:
            self.show()
