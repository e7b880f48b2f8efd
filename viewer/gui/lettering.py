"""Where the words on a pane stand, and which of them go where there is no room for all: no two ever overlap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QPainter

from viewer.gui import overlay
from viewer.gui.colour_bar import ColourBar, bar_rect, draw_bar, least_height
from viewer.gui.overlay import EDGE_PX, Badge, Face, Line, Rank, Ruler, face_for
from viewer.gui.style import ON_IMAGE

_CLEAR_PX = 5.0  # between texts side by side
_SLACK = 0.3  # rectangles that only touch do not overlap, however their sums were rounded
_ABOVE_RULER_PX = 14.0
_BLOCK_PX = 32.0
_LOW_EMS = 18  # the height of a low pane
_BADGES_BESIDE_EMS = 15  # with less room between the upper corners, badges lie below them

_Key = tuple[str, int]  # which of the words a piece is: ("top left", 1) is the second line of that corner


@dataclass(frozen=True)
class CornerTexts:
    """What stands in the four corners of a pane, in reading order."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Words:
    """All that a pane has to say. letters name its left, right, upper and lower edge. sentence stands in the middle,
    within sentence_area. taken is where buttons and the like are already."""

    corners: CornerTexts = CornerTexts()
    letters: tuple[str, str, str, str] | None = None
    ruler: Ruler | None = None
    badges: tuple[Badge, ...] = ()
    sentence: str = ""
    sentence_colour: QColor = field(default_factory=lambda: ON_IMAGE)
    sentence_area: QRectF | None = None
    taken: tuple[QRectF, ...] = ()
    bar: ColourBar | None = None  # beside the right edge
    left_bar: ColourBar | None = None


@dataclass(frozen=True)
class Piece:
    """One text in its place."""

    key: _Key
    rank: Rank
    text: str
    rect: QRectF
    draw: Callable[[QPainter], None]


@dataclass(frozen=True)
class Layout:
    """What has room on a pane, in its place. base is the application's font; left_out tells that something was in the
    way of something else."""

    pane: QRectF
    base: QFont
    words: Words
    pieces: tuple[Piece, ...]
    left_out: bool

    @cached_property
    def whole(self) -> bool:
        """True if nothing was left out, and no line of the corners is cut."""
        seen = {piece.key: piece.text for piece in self.pieces}
        return not self.left_out and all(
            seen.get((corner.replace("_", " "), n), "") == line.text
            for corner, lines in vars(self.words.corners).items()
            for n, line in enumerate(lines)
        )


def lay_out(pane: QRectF, words: Words, base: QFont, before: Layout | None = None) -> Layout:
    """Find the place of each text: where two would overlap, the one of the lower rank goes.

    before: how the pane was laid out last; mostly a few digits are others since, and nothing moves.
    """
    if before is not None and before.pane == pane and before.base == base:
        pieces = _reworded(before, words)
        if pieces is not None:
            return Layout(pane, base, words, pieces, before.left_out)
    left_out: set[_Key] = set()
    while True:
        pieces = _pieces(pane, words, base, left_out)
        in_the_way = _in_the_way(pane, pieces, words.taken)
        if in_the_way is None:
            return Layout(pane, base, words, tuple(pieces), bool(left_out))
        left_out.add(in_the_way)


def _reworded(before: Layout, words: Words) -> tuple[Piece, ...] | None:
    """The same pieces with other texts in the corners, each as long as that before or, in a lower corner, with room
    around it; None if more has changed."""
    if replace(words, corners=before.words.corners) != before.words:
        return None
    changed: dict[_Key, tuple[Line, Line]] = {}
    for (corner, old), new in zip(vars(before.words.corners).items(), vars(words.corners).values(), strict=True):
        if len(old) != len(new):
            return None
        for n, (one, other) in enumerate(zip(old, new, strict=True)):
            if one != other:
                changed[corner.replace("_", " "), n] = one, other
    pieces = list(before.pieces)
    for m, piece in enumerate(pieces):
        if piece.key not in changed:
            continue
        one, other = changed.pop(piece.key)
        if one.rank != other.rank or piece.text != one.text or not other.text:  # or it had been cut
            return None
        face = face_for(before.base, before.pane.width(), before.pane.height())
        rect, wide = QRectF(piece.rect), face.advance(other.text)
        if wide != face.advance(one.text):
            right = rect.right()
            rect.setWidth(wide)
            if piece.key[0].endswith("right"):
                rect.moveRight(right)
            others = (*(p.rect for k, p in enumerate(pieces) if k != m), *words.taken)
            if not before.whole or not _alone(rect, before.pane, others) or piece.key[0].startswith("top"):
                return None
        at = QPointF(rect.left(), rect.top() + face.ascent)
        pieces[m] = _line(piece.key, other.rank, other.text, other.colour, at, rect, face)
    return None if changed else tuple(pieces)  # what had no room may have some now


def _alone(rect: QRectF, pane: QRectF, others: Sequence[QRectF]) -> bool:
    """True if a text neither leaves the lower half of a pane nor comes near anything else that is at its height."""
    around = rect.adjusted(-2 * _CLEAR_PX, _SLACK, 2 * _CLEAR_PX, -_SLACK)
    inside = rect.top() > pane.center().y() and pane.left() <= rect.left() and rect.right() <= pane.right()
    return inside and not any(around.intersects(other) for other in others)


def blocks(pieces: Sequence[Piece]) -> tuple[QRectF, ...]:
    """Where the words are, roughly: one rectangle for a corner, one for each letter, bar and the like. It stays as it
    is while a value under the mouse gets a digit more or less."""
    found: dict[object, QRectF] = {}
    for piece in pieces:
        name, number = piece.key
        key = name if " " in name or name == "badge" else (name, number)
        found[key] = found.get(key, QRectF()).united(piece.rect)
    for key, rect in found.items():
        if isinstance(key, str) and key != "badge":
            rect.setWidth(_BLOCK_PX * math.ceil(rect.width() / _BLOCK_PX))
            if key.endswith("right"):
                rect.moveRight(max(piece.rect.right() for piece in pieces if piece.key[0] == key))
    return tuple(found.values())


def _in_the_way(pane: QRectF, pieces: Sequence[Piece], taken: Sequence[QRectF]) -> _Key | None:
    """The least of the texts that overlap another or leave the pane; None if there is none."""
    boxes = [_box(piece.rect) for piece in pieces]
    fixed = [_box(rect) for rect in taken]
    left, top, right, bottom = _box(pane)
    least: tuple[int, int] | None = None
    for n, one in enumerate(boxes):
        outside = one[0] < left or one[1] < top or one[2] > right or one[3] > bottom
        if outside or any(_overlap(one, other) for other in fixed):
            least = max(least or (-Rank.MUST, n), (-pieces[n].rank, n))
        first, last = one[1] + _SLACK, one[3] - _SLACK
        for m in range(n):
            other = boxes[m]
            if first < other[3] and other[1] < last and _overlap(one, other):  # most lie above or below each other
                lesser = max((-pieces[n].rank, n), (-pieces[m].rank, m))
                least = max(least or lesser, lesser)
    return None if least is None else pieces[least[1]].key


def _box(rect: QRectF) -> tuple[float, float, float, float]:
    return rect.left(), rect.top(), rect.right(), rect.bottom()


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] + _SLACK < b[2] and b[0] + _SLACK < a[2] and a[1] + _SLACK < b[3] and b[1] + _SLACK < a[3]


def _pieces(pane: QRectF, words: Words, base: QFont, left_out: set[_Key]) -> list[Piece]:
    """All texts but those left out, each in its place; they may overlap."""
    width, height = pane.width(), pane.height()
    letters = _letters(pane, words, face_for(base, width, height, bold=True, times=1.2))
    ruler = _ruler(pane, words, face_for(base, width, height, times=0.92))
    central = [piece for piece in (*letters, *ruler) if piece.key not in left_out]
    face = face_for(base, width, height)
    corners = [piece for side in ("top", "bottom") for piece in _corners(pane, words, side, central, face, left_out)]
    badge_face = face_for(base, width, height, bold=True, times=0.92)
    badges = _badges(pane, words, letters, corners, badge_face, left_out)
    bars = [p for p in _bars(pane, words, letters, [*corners, *badges], face) if p.key not in left_out]
    return [*central, *bars, *corners, *badges, *_sentence(words, face, left_out)]


def _letters(pane: QRectF, words: Words, face: Face) -> list[Piece]:
    if words.letters is None:
        return []
    cap = face.metrics.capHeight()
    wide = [face.advance(text) for text in words.letters]
    middle = pane.center()
    places = (
        (pane.left() + EDGE_PX, middle.y() + cap / 2),
        (pane.right() - EDGE_PX - wide[1], middle.y() + cap / 2),
        (middle.x() - wide[2] / 2, pane.top() + EDGE_PX + cap + 2),
        (middle.x() - wide[3] / 2, pane.bottom() - EDGE_PX),
    )
    pieces = []
    for n, (text, (x, y)) in enumerate(zip(words.letters, places, strict=True)):
        rect = QRectF(x - 1, y - cap - 1, wide[n] + 2, cap + 2)
        pieces.append(_line(("letter", n), Rank.MUST, text, ON_IMAGE, QPointF(x, y), rect, face))
    return pieces


def _ruler(pane: QRectF, words: Words, face: Face) -> list[Piece]:
    ruler = words.ruler
    if ruler is None:
        return []
    at = QPointF(pane.center().x(), pane.bottom() - face.pixel_size * 1.3 - _ABOVE_RULER_PX)
    rect = overlay.ruler_rect(at, ruler, face)
    return [Piece(("ruler", 0), Rank.SCALE, ruler.text, rect, lambda p: overlay.draw_ruler(p, at, ruler, face))]


def _bars(pane: QRectF, words: Words, letters: Sequence[Piece], others: Sequence[Piece], face: Face) -> list[Piece]:
    """The colour bars beside the letters of the right and the left edge, shorter where others are above and below."""
    pieces = []
    for n, bar in enumerate((words.bar, words.left_bar)):
        if bar is None:
            continue
        right = letters[1].rect.left() - _CLEAR_PX if letters else pane.right() - EDGE_PX
        rect = bar_rect(pane, right, bar, face)
        if rect is None:
            continue
        if n:
            rect.moveLeft(letters[0].rect.right() + _CLEAR_PX if letters else pane.left() + EDGE_PX)
        beside = [o.rect for o in others if o.rect.left() < rect.right() and rect.left() < o.rect.right()]
        above = [o.bottom() for o in beside if o.center().y() < pane.center().y()]
        below = [o.top() for o in beside if o.center().y() >= pane.center().y()]
        top, bottom = max([rect.top(), *above]), min([rect.bottom(), *below])
        if bottom - top >= least_height(face):
            rect = QRectF(rect.left(), top, rect.width(), bottom - top)
        text = f"{bar.top} {bar.bottom}"
        draw = partial(draw_bar, rect=rect, bar=bar, face=face, leaning=("right", "left")[n])
        pieces.append(Piece(("bar", n), Rank.SCALE, text, rect, draw))
    return pieces


def _corners(
    pane: QRectF, words: Words, side: str, central: Sequence[Piece], face: Face, left_out: set[_Key]
) -> list[Piece]:
    """The lines of both upper or both lower corners. Those that face each other share the width of the pane, and
    leave free what stands in the middle between them."""
    step = face.height
    room = max(int((pane.height() / 2 - 2 * step) / step), 1)
    corners = words.corners
    both = (corners.top_left, corners.top_right) if side == "top" else (corners.bottom_left, corners.bottom_right)
    shown = [
        _foremost(lines, f"{side} {end}", room, left_out) for end, lines in zip(("left", "right"), both, strict=True)
    ]
    pieces = []
    for row in range(max(map(len, shown))):
        top = pane.top() + EDGE_PX + row * step if side == "top" else pane.bottom() - EDGE_PX - (row + 1) * step
        left, right = _free_across(pane, top, top + step, words.taken)
        between = [p.rect for p in central if p.key[1] > 1 or p.key[0] == "ruler"]  # not the letters at the sides
        between = [rect for rect in between if rect.top() < top + step and rect.bottom() > top]
        pair = [lines[row if side == "top" else -1 - row] if row < len(lines) else None for lines in shown]
        wide = [0.0 if one is None else face.advance(one[1].text) for one in pair]
        for n, one in enumerate(pair):
            if one is None:
                continue
            key, line = one
            limit = max((right - left) / 2 - _CLEAR_PX, right - left - 2 * _CLEAR_PX - wide[1 - n])
            for rect in between:
                limit = min(limit, (right - rect.right() if n else rect.left() - left) - _CLEAR_PX)
            text = _cut(line, face, limit)
            length = face.advance(text)
            rect = QRectF(right - length if n else left, top, length, step)
            at = QPointF(rect.left(), top + face.ascent)
            pieces.append(_line(key, line.rank, text, line.colour, at, rect, face))
    return [piece for piece in pieces if piece.text]


def _foremost(lines: Sequence[Line], corner: str, room: int, left_out: set[_Key]) -> list[tuple[_Key, Line]]:
    """As many lines of a corner as its part of the pane holds, in reading order."""
    keyed = [((corner, n), line) for n, line in enumerate(lines) if line.text and (corner, n) not in left_out]
    outwards = 1 if corner.startswith("top") else -1
    ranked = sorted(keyed, key=lambda one: (-one[1].rank, outwards * one[0][1]))
    return sorted(ranked[:room], key=lambda one: one[0][1])


def _free_across(pane: QRectF, top: float, bottom: float, taken: Sequence[QRectF]) -> tuple[float, float]:
    """The left and the right end of what is free at a height: buttons stand at the right."""
    right = pane.right() - EDGE_PX
    for rect in taken:
        if rect.top() < bottom and rect.bottom() > top and rect.left() > pane.center().x():
            right = min(right, rect.left() - _CLEAR_PX)
    return pane.left() + EDGE_PX, right


def _cut(line: Line, face: Face, limit: float) -> str:
    """A line without its last parts, until it fits; a name is cut with an ellipsis, a number never: then it keeps its
    length."""
    text = overlay.without_last_parts(line.text, face, limit)
    if line.short and face.advance(text) > limit:
        return line.short
    if line.number or face.advance(text) <= limit:
        return text
    cut = overlay.elided(text, face, limit)
    return cut if len(cut) > 3 or line.rank == Rank.MUST else ""


def _badges(
    pane: QRectF,
    words: Words,
    letters: Sequence[Piece],
    corners: Sequence[Piece],
    face: Face,
    left_out: set[_Key],
) -> list[Piece]:
    """Badges in the middle between the upper corners or, where these leave little room, below them."""
    shown = [(n, badge) for n, badge in enumerate(words.badges) if ("badge", n) not in left_out]
    upper = [piece.rect for piece in corners if piece.key[0].startswith("top")]
    aside = [pane.right() - rect.left() for rect in words.taken if rect.top() < pane.center().y()]
    if pane.height() < _LOW_EMS * face.pixel_size:  # badges come down to the letters at the sides
        aside += [EDGE_PX + piece.rect.width() for piece in letters[:2]]
    reach = max([rect.width() for rect in upper], default=0.0)
    top = letters[2].rect.bottom() + _CLEAR_PX if letters else pane.top() + EDGE_PX
    widest = pane.width() - 2 * (max([reach, *aside]) + 20)
    whole = overlay.badge_places(0.0, 0.0, math.inf, [badge for _, badge in shown], face)
    if widest < max([_BADGES_BESIDE_EMS * face.pixel_size, *(rect.width() for rect, _ in whole)]):
        top = max([top, *(rect.bottom() + 4 for rect in upper)])
        widest = pane.width() - 2 * (max([EDGE_PX, *aside]) + _CLEAR_PX)
    places = overlay.badge_places(pane.center().x(), top, widest, [badge for _, badge in shown], face)
    return [_badge(n, badge, text, rect, face) for (n, badge), (rect, text) in zip(shown, places, strict=True)]


def _badge(number: int, badge: Badge, text: str, rect: QRectF, face: Face) -> Piece:
    return Piece(("badge", number), badge.rank, text, rect, lambda p: overlay.draw_badge(p, rect, text, badge, face))


def _sentence(words: Words, face: Face, left_out: set[_Key]) -> list[Piece]:
    area, key = words.sentence_area, ("sentence", 0)
    if not words.sentence or area is None or key in left_out:
        return []
    text = overlay.fitting_sentence(area, words.sentence, face)
    if not text:
        return []
    rect = overlay.sentence_rect(area, text, face)
    colour = words.sentence_colour
    return [Piece(key, Rank.WARNING, text, rect, lambda p: overlay.draw_sentence(p, area, text, colour, face))]


def _line(key: _Key, rank: Rank, text: str, colour: QColor, at: QPointF, rect: QRectF, face: Face) -> Piece:
    return Piece(key, rank, text, rect, lambda p: face.write(p, at, text, colour))
