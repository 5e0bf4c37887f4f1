"""Views to lines, in each dialect's real layout. A renderer is a generator of lines; `RENDERERS` finds it by name."""

from ikecli.show.renderers import PIECEMEAL, RENDERERS, Renderer

__all__ = ["PIECEMEAL", "RENDERERS", "Renderer"]
