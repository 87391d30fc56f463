# SPDX-License-Identifier: MIT
"""A terminal session as a picture: SVG without scripts and fonts of its own. It has its own background, so that it is
readable on light and on dark pages."""

import html
import re

COLUMN, LINE, MARGIN, SIZE = 8.4, 20, 16, 14  # pixels; a column is 0.6 of the font's size
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">
<title>A terminal session with sockgreet</title>
<style>
text {{ font: {SIZE}px ui-monospace, "DejaVu Sans Mono", monospace; fill: #d0d7de; white-space: pre }}
.command {{ font-weight: bold; fill: #7ee787 }}
.failure {{ fill: #ffa198 }}
</style>
<rect x="0.5" y="0.5" width="{inner_width:g}" height="{inner_height:g}" rx="8" fill="#161b22" stroke="#6e7681"/>
"""
TEXT = """\
<text xml:space="preserve" x="{x:g}" y="{y:g}" textLength="{length:g}" lengthAdjust="spacingAndGlyphs"{style}>{text}</text>
"""
TAIL = "</svg>\n"
STYLES = (("command", re.compile(r"([\w-]+)?\$ |\^C$")), ("failure", re.compile(r".* [A-Z]{3,}: ")))


def _style(line):
    for name, pattern in STYLES:
        if pattern.match(line):
            return f' class="{name}"'
    return ""


def render(lines):
    """The picture of these lines."""
    width = 2 * MARGIN + COLUMN * max(map(len, lines))
    height = 2 * MARGIN + LINE * len(lines)
    drawn = [HEAD.format(width=width, height=height, inner_width=width - 1, inner_height=height - 1, SIZE=SIZE)]
    for number, line in enumerate(lines):
        # An empty line has nothing to draw, but is one when the lines are read back.
        drawn.append(TEXT.format(x=MARGIN, y=MARGIN + LINE * number + SIZE, length=COLUMN * len(line), style=_style(line),
                                 text=html.escape(line, quote=False)))
    return "".join(drawn) + TAIL


def lines_of(picture):
    """The lines that a picture shows."""
    return [html.unescape(text) for text in re.findall(r"<text [^>]*>(.*?)</text>", picture)]
