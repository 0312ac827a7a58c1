"""Reads an element whose layout, the sequence of its tags, was met before: its texts are picked by their position.

Thousands of entries of a bank file differ in their texts alone. Cutting such an entry at its tags costs a tenth of what
the parser's calls into Python cost, and a pattern made for the layouts that prevail nearly halves that again. The
parser still gets every byte (without callbacks) and has the last word on whether they are well-formed; what is read
here counts only once it has agreed.
"""

from collections.abc import Iterable
from re import Match, Pattern, escape
from re import compile as compile_pattern
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.shapes import Fields, Place, Record, add_text

TAGS_HELD_MAX: Final = 50_000
"""Of all layouts remembered together, about 300 bytes each; a file with more of them starts to remember anew."""
USES_BEFORE_PATTERN: Final = 1_000
"""Making a pattern costs about 2 ms, what it saves in some 450 entries; before that, a layout has to show its worth."""
PATTERNS_MAX: Final = 8
"""Made for one file: banks have a handful of layouts that prevail, and 16 ms is what a file may lose to making them."""
PATTERN_CHARACTERS_MAX: Final = 4_000
"""Of the tags of its layout together; 100 tags have about 700. The time and memory of a pattern grow with them."""

_TAG: Final = compile_pattern(r"""(/?)([^\s"'=/]{1,128})(?: Ccy="([A-Z]{3})")?(/?)""")
"""Tags that are understood without the parser: no attribute, or a currency as everybody writes it."""

_new_tuple: Final = tuple.__new__

_REFERENCES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
"""No other name is well-formed without a document type, and those are refused."""


class Source(NamedTuple):
    """The bytes of an element, with their text and their place in the file."""

    content: bytes
    offset: int
    encoding: str
    text: str
    """Decoded, with line feeds as its only line ends."""
    line: int
    """On which it starts."""
    breaks: int
    """Number of its line ends."""


class _Part(NamedTuple):
    """Where one record of a layout stands; records are numbered in the order of their start tags."""

    name: str
    number: int
    around: int
    """Number of the record around it, -1 for the one around the element itself."""


class _Layout(NamedTuple):
    parts: tuple[_Part, ...]
    """In the order of the end tags, so that the element itself comes last."""
    starts: tuple[int, ...]
    """By number of the record: the number of its start tag."""
    texts: tuple[tuple[Fields, tuple[str, ...]], ...]
    """By number of the record: its currency attributes, which are part of the tags, and the paths of its texts."""
    slots: tuple[int, ...]
    """Number of the piece that holds the text of each path, in the order of `texts`."""
    blanks: tuple[int, ...]
    """Pieces that hold nothing but blanks in an ordinary file: text behind an element that stands inside a field."""
    is_plain: bool
    """No path comes twice in a record: texts can be put in without looking."""


class _Picker(NamedTuple):
    """Picks the texts of one layout in one go."""

    layout: _Layout
    pattern: Pattern[str]
    text_groups: tuple[int, ...]
    """In the order of the layout's slots."""
    start_groups: tuple[int, ...]
    """Empty groups before the start tag of each record, by its number."""

    def match(self, content: str) -> Match[str] | None:
        """Match content whose tags are those of the layout and whose blanks are blank.

        No part of the pattern but the tags takes a `<` or a `>`, so there are no others in what it matches.
        """
        return self.pattern.fullmatch(content)


class Layouts:
    """The layouts of repeated elements met so far in a file."""

    def __init__(self) -> None:
        self._known: dict[str, _Layout | None] = {}
        self._met: set[str] = set()
        self._tags_held = 0
        self._uses: dict[str, int] = {}
        self._pickers: dict[int, _Picker] = {}
        """By number of tags, which is the quickest thing to tell layouts apart by."""
        self._pickers_made = 0
        self._last_picker: _Picker | None = None

    def read(self, source: Source, element: Place, parent: Fields) -> list[Record] | None:
        """Read one element, given from where the one before it ended up to its own end tag, exclusive.

        The source has no `&#`, `<!` or `<?` in it. None where the parser has to read it: its layout is new, or it has
        other marks in it than plain tags.
        """
        content = source.text
        # Elements of one layout come in rows: what matched the last one is tried before anything is counted.
        picker = self._last_picker
        match = picker.match(content) if picker else None
        if picker and match:
            return _pick(picker, match, source, parent)
        # In well-formed content without comments, sections and instructions every `<` starts a tag, and every tag
        # ends with a `>`. So where the two counts agree there is no other `>`, and cutting at both gives text and tag
        # in turn.
        tag_count = content.count("<")
        if tag_count != content.count(">"):
            return None
        picker = self._pickers.get(tag_count)
        match = picker.match(content) if picker and picker is not self._last_picker else None
        if picker and match:
            self._last_picker = picker
            return _pick(picker, match, source, parent)
        return self._cut(source, element, parent)

    def _cut(self, source: Source, element: Place, parent: Fields) -> list[Record] | None:
        """Read an element that is cut at its tags."""
        pieces = source.text.replace("<", ">").split(">")
        tags = pieces[1::2]
        key = "<".join(tags)
        layout = self._layout(key, tags, element)
        if layout is None:
            return None
        for slot in layout.blanks:
            if pieces[slot].strip():
                return None
        self._count_use(key, tags, layout)
        is_indented = source.breaks > pieces[0].count("\n")
        lines = _lines(layout, pieces, source.line) if is_indented else None
        picked = map(pieces.__getitem__, layout.slots)
        return _fill(layout, picked, source, parent, lines=lines, offsets=_offsets(source, layout.starts))

    def _layout(self, key: str, tags: list[str], element: Place) -> _Layout | None:
        """Draft a layout when it comes the second time: the parser has met all its names by then."""
        layout = self._known.get(key)
        if layout is not None or key in self._known:
            return layout
        if key in self._met:
            self._known[key] = layout = _draft(tags, element)
            return layout
        self._tags_held += len(tags)
        if self._tags_held > TAGS_HELD_MAX:
            self._known.clear()
            self._met.clear()
            self._uses.clear()
            self._tags_held = len(tags)
        self._met.add(key)
        return None

    def _count_use(self, key: str, tags: list[str], layout: _Layout) -> None:
        """Make a picker for a layout that was cut at its tags often; of layouts with as many tags the last one counts.

        One text alone is not worth a pattern, and `Match.group` would not return it as a tuple.
        """
        self._uses[key] = uses = self._uses.get(key, 0) + 1
        if uses % USES_BEFORE_PATTERN or self._pickers_made >= PATTERNS_MAX:
            return
        if len(key) <= PATTERN_CHARACTERS_MAX and len(layout.slots) > 1:
            self._pickers[len(tags)] = _make_picker(layout, tags)
            self._pickers_made += 1


def _make_picker(layout: _Layout, tags: list[str]) -> _Picker:
    """Write the pattern of a layout. Nothing in it ever gives back what it took, so a match needs one pass at most."""
    starts, slots, blanks = frozenset(layout.starts), frozenset(layout.slots), frozenset(layout.blanks)
    parts, groups = ["[^<>]*+"], 0
    start_groups, text_groups = {}, {}
    for number, tag in enumerate(tags):
        if number in starts:
            parts.append("()")
            start_groups[number] = groups = groups + 1
        slot = 2 * number + 2
        if slot in slots:
            text_groups[slot] = groups = groups + 1
            behind = "([^<>]*+)"
        else:
            behind = r"\s*+" if slot in blanks else "[^<>]*+"
        parts.append(f"<{escape(tag)}>{behind}")
    return _Picker(
        layout,
        compile_pattern("".join(parts)),
        tuple(text_groups[slot] for slot in layout.slots),
        tuple(start_groups[start] for start in layout.starts),
    )


def _pick(picker: _Picker, match: Match[str], source: Source, parent: Fields) -> list[Record]:
    """Read an element that matched a pattern."""
    text, offset = source.text, source.offset
    starts = [*map(match.start, picker.start_groups)]
    is_indented = source.breaks and source.breaks > text.count("\n", 0, starts[0])
    lines = [source.line + text.count("\n", 0, start) for start in starts] if is_indented else None
    if len(text) == len(source.content):
        offsets = [offset + start for start in starts]
    elif b"\r" in source.content:
        offsets = _offsets(source, picker.layout.starts)
    else:
        offsets = [offset + len(text[:start].encode(source.encoding)) for start in starts]
    picked = match.group(*picker.text_groups)
    return _fill(picker.layout, picked, source, parent, lines=lines, offsets=offsets)


def _fill(
    layout: _Layout,
    picked: Iterable[str],
    source: Source,
    parent: Fields,
    *,
    lines: list[int] | None,
    offsets: list[int],
) -> list[Record]:
    """Build the records of an element from its texts; without `lines` it stands on one line, the last of its source."""
    if "&" in source.text:
        picked = map(_resolve_references, picked)
    values = [*map(str.strip, picked)]
    is_plain = layout.is_plain and "" not in values and (lines is None or "\n" not in "".join(values))
    texts = iter(values)
    filled = []
    for currencies, paths in layout.texts:
        # Paths come first: they end this, and the texts behind are left for the next record.
        pairs = zip(paths, texts, strict=False)
        if not is_plain:
            fields = currencies.copy()
            for path, value in pairs:
                if value:
                    add_text(fields, path, value)
        elif currencies:
            fields = currencies.copy()
            fields.update(pairs)
        else:
            fields = dict(pairs)
        filled.append(fields)
    # Last, where the number -1 finds it.
    filled.append(parent)
    if lines is None:
        lines = [source.line + source.breaks] * len(offsets)
    # Past the constructor of the named tuple, which takes a third longer.
    return [
        _new_tuple(Record, (name, filled[number], filled[around], lines[number], offsets[number], False))
        for name, number, around in layout.parts
    ]


def _resolve_references(text: str) -> str:
    """Resolve the five references that XML knows by name (XML 1.0, section 4.6), the ampersand last."""
    if "&" not in text:
        return text
    for name, character in _REFERENCES:
        text = text.replace(name, character)
    return text


def _lines(layout: _Layout, pieces: list[str], line: int) -> list[int]:
    """Count on which line each record starts; the tags of a layout have no line end in them."""
    lines, counted = [], 0
    for start in layout.starts:
        slot = 2 * start + 1
        line += "".join(pieces[counted:slot]).count("\n")
        counted = slot
        lines.append(line)
    return lines


def _offsets(source: Source, tags: tuple[int, ...]) -> list[int]:
    """Count on which byte of the file each of the tags starts, given by their numbers in ascending order.

    Looked for among the bytes, where characters of several bytes and line ends of two do not shift them.
    """
    offsets, found, next_tag = [], -1, 0
    for tag in tags:
        while next_tag <= tag:
            found = source.content.find(b"<", found + 1)
            next_tag += 1
        offsets.append(source.offset + found)
    return offsets


class _Drafted:
    """A record of the layout being drafted."""

    __slots__ = ("around", "currencies", "is_quiet", "name", "number", "start", "texts")

    def __init__(self, place: Place, number: int, around: int, start: int) -> None:
        self.name, self.is_quiet = place.record or "", place.is_quiet
        self.number, self.around, self.start = number, around, start
        self.currencies: Fields = {}
        self.texts: list[tuple[str, int]] = []


class _Open:
    """An open element, and the record that its texts belong to."""

    __slots__ = ("has_inner", "name", "place", "record")

    def __init__(self, name: str, place: Place, record: _Drafted) -> None:
        self.name, self.place, self.record = name, place, record
        self.has_inner = False


class _Draft:
    """Walks the tree of places along the tags of one element, as the parser's callbacks do."""

    def __init__(self, name: str, element: Place) -> None:
        self._drafted = [_Drafted(element, 0, -1, 0)]
        self._open = [_Open(name, element, self._drafted[0])]
        self._ended: list[_Drafted] = []
        self._blanks: list[int] = []

    def start(self, name: str, currency: str | None, number: int) -> bool:
        """Take a start tag; False where the parser has to read the element."""
        parent = self._open[-1]
        place = parent.place.children.get(name)
        if place is None or place.is_announced or (parent.place.text is not None and place.text is None):
            return False
        parent.has_inner = True
        record = parent.record
        if place.record is not None:
            record = _Drafted(place, len(self._drafted), record.number, number)
            self._drafted.append(record)
        if currency is not None and place.text is not None:
            path = place.text + "@Ccy"
            if path in record.currencies:
                return False
            record.currencies[path] = currency
        self._open.append(_Open(name, place, record))
        return True

    def end(self, name: str, slot: int | None) -> bool:
        """Take an end tag, with the number of the piece before it; the end tag of the element itself never comes."""
        if len(self._open) == 1 or self._open[-1].name != name:
            return False
        element = self._open.pop()
        if element.place.text is not None and slot is not None:
            if element.has_inner:
                self._blanks.append(slot)
            else:
                element.record.texts.append((element.place.text, slot))
        if element.place.record is not None:
            self._ended.append(element.record)
        return True

    def finish(self) -> _Layout | None:
        if len(self._open) > 1:
            return None
        drafted = self._drafted
        texts = tuple((record.currencies, tuple(path for path, _ in record.texts)) for record in drafted)
        told = (record for record in (*self._ended, drafted[0]) if record.texts or not record.is_quiet)
        return _Layout(
            parts=tuple(_Part(record.name, record.number, record.around) for record in told),
            starts=tuple(record.start for record in drafted),
            texts=texts,
            slots=tuple(slot for record in drafted for _, slot in record.texts),
            blanks=tuple(self._blanks),
            is_plain=all(len(set(paths)) == len(paths) for _, paths in texts),
        )


def _draft(tags: list[str], element: Place) -> _Layout | None:
    """Return the layout of these tags, None where one of them is not understood here."""
    name = tags[0] if tags else ""
    if name.rpartition(":")[2] != element.record:
        return None
    draft = _Draft(name, element)
    for number, tag in enumerate(tags[1:], 1):
        found = _TAG.fullmatch(tag)
        if found is None:
            return None
        closes, name, currency, is_empty = found.groups()
        if closes:
            understood = not currency and not is_empty and draft.end(name, 2 * number)
        else:
            understood = draft.start(name, currency, number) and (not is_empty or draft.end(name, None))
        if not understood:
            return None
    return draft.finish()
