"""Figures inside the sandbox: a backend of matplotlib that saves what is shown.

Its text goes into the sandbox with each job, beside `boot`, and it stands alone like that.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing it would take time
    from typing import Any


class MarkingLoader:
    """Loads matplotlib's base of all canvases, and has it note which figures were saved by name."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: Any) -> None:
        """Load it, then put a note around the one function that saves."""
        self.loader.exec_module(module)
        canvas: Any = module.FigureCanvasBase
        save = canvas.print_figure

        def print_figure(self: Any, filename: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(filename, str | os.PathLike):
                self.figure._steward_saved = True
            return save(self, filename, *args, **kwargs)

        canvas.print_figure = print_figure


class FigureFinder:
    """Gives matplotlib a backend whose `show` saves figures as files of the working folder."""

    name = "steward_figures"
    marked = "matplotlib.backend_bases"

    def __init__(self) -> None:
        self.quiet = False
        self.count = 0

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Know the backend, and stand before the loader of the module that is marked."""
        if fullname == self.name:
            return type(sys.__spec__)(fullname, self)
        if fullname == self.marked:
            import importlib.machinery

            spec: Any = importlib.machinery.PathFinder.find_spec(fullname, path)
            if spec is not None:
                spec.loader = MarkingLoader(spec.loader)
            return spec
        return None

    def create_module(self, spec: Any) -> Any:
        """Leave it to the interpreter."""
        return None

    def exec_module(self, module: Any) -> None:
        """Make the backend: the one that draws pictures, with a `show` of its own."""
        import importlib

        drawing: Any = importlib.import_module("matplotlib.backends.backend_agg")
        module.FigureCanvas = drawing.FigureCanvasAgg
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
