"""Collects the English sentences and names that the tiers below the window can bring in front of a person, and merges
them into the file that Qt Linguist edits. `make translations` runs it; finished translations stay.

A sentence with values in it becomes a template, "{0} of its {1} files are encrypted"; what is known of the values
stands in a comment for the translator, and in <extra-numbers> which of them are numbers for certain.
"""

from __future__ import annotations

import ast
import errno
import itertools
import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TS_FILE = ROOT / "resources" / "translations" / "slicewise_sentences_zh_CN.ts"

_TIERS = (
    "viewer/core",
    "viewer/io",
    "viewer/render",
    "viewer/editing.py",
    "viewer/bringing.py",
    "viewer/model_runs.py",
    "viewer/study_runs.py",
    "viewer/training_material.py",
    "viewer/training_runs.py",
    "viewer/workflows.py",
    "viewer/jobs.py",
    "inference",
    "training",
)
_NOT_IN_THE_WINDOW = {
    "training/__main__.py",  # the command line
    "training/brain_structures.py",  # how the shipped model was made, and its card
    "training/brain_structures_release.py",
    "training/brain_structures_seen.py",
    "training/benchmark.py",  # the command line, and its table
    "training/federated.py",  # the command line
    "training/distributed.py",
    "training/card.py",  # cards of models
    "inference/quicken.py",  # words of graphs
}
_NUMBER = " (number)"  # how the note on a value ends that is a number for certain
_MOST_FORMS = 16  # of one sentence: a conditional expression in it doubles them
_SQL = re.compile(
    r"(select|insert|update|delete|create|drop|alter|pragma|begin immediate|from|without rowid|study in|id in)\b"
    r"|order by\b|\w+ (= \?|order by)|1 order by"
)
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z][a-z']+(?![A-Za-z_(\[=])")
# Looks like words but is never shown: words of file formats, programs, logs, cards of models.
_NEVER_SHOWN = re.compile(
    r"OB or OW|US or SS.*|US or OW|Philips PET Private Group|Slicewise SPACE=.*|format binary_.*|comment \{0\}"
    r"|element (vertex|face) \{0\}|property .*|OpenGL .*|# \{0\} .*|RegionLocation.*|unasked \{0\}|letting go"
    r"|Overlay|Blue|Red|Green|Float|Content|Acquisition|Segmented.*|Offset|Origin|Position|Orientation|Rotation|Slope"
    r"|Object.*|Element.*|Palette.*|(signed|unsigned|long|short) .*|\{0\}(Date|Time)|False|data file|space \w+"
    r"|(byte|line) skip|model \{0\} has no version \{1\}|this is no message|the message is too long"
    r"|the session that is worked on cannot be dropped|unknown network kind \{0\}|ramp_up_steps must .*|Left out: ?"
    r"|a film needs a frame|there is no label \{0\}|python -m .*|hot iron|image only|\{0\} and \{1\}|US regions"
    r"|mm2 at detector|/proc/.*|Traceback|Fatal Python error|slicewise training:|this training is already running"
    r"|not enough memory|can't allocate memory"
    r"|It segments what a person clicks on.*|Measured on \{0\} patients whom.*|Weights: \{0\}\."
    r"|Dice after \{0\}|clicks to \{0\}"
    r"|Cast|kc,chw->khw|Finds, as boxes on slices.*|Measured on .* with .* boxes, on whom.*|\| \| FROC.*|random weights"
    r"|What the program advised: \{0\}|Scores are not calibrated.*|not defined|\*\*Not for diagnostic use.*"
    r"|Thresholds are at how common.*|Probabilities are as if.*|\{0\} \(\{1\} to \{2\}\)|No Finding"
    r"|Slicewise(, not for diagnostic use)?|Not for diagnostic use|Segmentation( category .*)?|Anatomic codes .*"
    r"|Binary labelmap\|?|\{0\}\.labels\.json|Label \{0\}|Labels|Structure set|Parametric map"
    r"|Certainty of Finding|accepted by a person.*|overridden \(\{0\}\): \{1\}"
    r"|Probabilities|Anatomical Structure|Morphologically Abnormal Structure|Artificial Intelligence"
    r"|probabilities of \{0\} are not .*|the map is not of .*"
    r"|Answers|Bringing|Found|Conv|Add|Gemm|Compose|Spacing|Identity|(plans|metadata)\.json or .*|the (network|model)"
    r"|the image's own|the whole|the person who added it|\*\*Unverified: .*|What is not as its authors do it:"
    r"|graphs lie too deep .*|no such (field|wire type)|the message is too short|the number is too long|type \{0\}"
    r"|a number in the place of a text|place_uid, level, .*|\{0\} where \{1\} and \{2\}|yes is \? and .*|found at:"
    r"|(score|label|number|class): \{0\}|probability of the series: \{0\}|person, judging \{0\}"
    r"|Class activation map|(Found|Answer) (by|of) .*|Yes|No|the (largest|mean) of its slices|of all of it at once"
    r"|rejected by a person|\{0\}, (slice \{1\}|study)|Probability from which the model finds it|\{0\} x \{1\} mm"
    r"|Scores, not for diagnostic use|Series|Acquired the source images.*|Acquisition Equipment|; a contrast .*"
    r"|\{0\} \{1\} by \{2\}|Contrast made up by .*|Enhanced by a neural network.*|Spatial resampling"
    r"|[a-z]+,[a-z]+(->[a-z])?|\{0\}\.nii\.gz|\{0\} (\.\.\. )?mm|\{0\} to \{1\}",
    re.DOTALL,
)
# Words of types and tables of the program that are shown though they are no sentence.
_NAMES_IN_TYPES = {
    "viewer/core/measuring.py": "Kind",
    "viewer/core/geometry.py": "Plane",
    "viewer/render/slabs.py": "SlabKind",
}
_WORDS_IN_SENTENCES = {
    "viewer/core/session.py": ("Erase",),
    "viewer/core/study.py": ("Left out",),
    "viewer/io/dicom.py": (
        # fields of what slices have in common, spelt with spaces
        "patient", "study", "series", "modality", "matrix", "colour", "inversion", "unit", "frame of reference",
        "reconstruction kernel", "part of the signal", "stack number", "ultrasound regions", "having a position",
        "orientation", "grey", "unnamed",
    ),
    "viewer/io/dicom_instance.py": ("magnitude", "phase", "real", "imaginary"),
    "viewer/io/suv.py": (
        "the weight", "the injected dose", "the half-life", "the time of injection", "the time of the scan",
    ),
    "viewer/io/pixel_format.py": ("red", "green", "blue"),
    "training/dataset.py": ("patients", "slices", "patient", "slice"),
    "training/gate.py": ("current", "semi-supervised", "supervised"),
}  # fmt: skip
_SYSTEM_ERRORS = (
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST,
    errno.EIO, errno.EMFILE, errno.ENAMETOOLONG, errno.EDQUOT, errno.EFBIG, errno.EBUSY, errno.ENOMEM, errno.ESTALE,
    errno.ELOOP, errno.EINVAL, errno.ETIMEDOUT, errno.ENXIO, errno.ENODEV,
)  # fmt: skip
_DATABASE_ERRORS = (
    "database or disk is full", "attempt to write a readonly database", "disk I/O error", "database is locked",
    "unable to open database file", "database disk image is malformed", "file is not a database", "out of memory",
)  # fmt: skip


@dataclass
class Message:
    """A sentence, a template or a name: where it stands (file, line), and what its placeholders stand for."""

    source: str
    places: list[tuple[str, int]] = field(default_factory=list)
    values: tuple[str, ...] = ()

    @property
    def numbers(self) -> str:
        """Which of its placeholders stand for numbers, "0 2"."""
        return " ".join(str(n) for n, value in enumerate(self.values) if value.endswith(_NUMBER))


def collect() -> dict[str, Message]:
    """Every message by its English text, in the order of files and lines."""
    found: dict[str, Message] = {}
    for file, line, source, values in itertools.chain(_of_code(), _of_tables(), _of_the_system()):
        message = found.setdefault(source, Message(source, values=values))
        message.places.append((file, line))
    return found


# Code


@dataclass
class _Text:
    """What an expression can come to: its literal text with {0}, {1}, ... and the expressions of these."""

    text: str = ""
    values: tuple[str, ...] = ()

    def __add__(self, other: _Text) -> _Text:
        moved = re.sub(r"\{(\d+)\}", lambda found: f"{{{int(found[1]) + len(self.values)}}}", other.text)
        return _Text(self.text + moved, (*self.values, *other.values))


def _of_code() -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    for tier in _TIERS:
        path = ROOT / tier
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = file.relative_to(ROOT).as_posix()
            if name not in _NOT_IN_THE_WINDOW and not name.startswith("training/shipped/"):  # manifests are looked at
                tree = ast.parse(file.read_text(encoding="utf-8"))
                for line, text in sorted(_texts_of(tree, {}), key=lambda one: one[0]):
                    yield name, line, text.text, text.values
                for word in _WORDS_IN_SENTENCES.get(name, ()):
                    yield name, _line_of(file, word), word, ()
                if name in _NAMES_IN_TYPES:
                    yield from _names_in_type(name, tree)


def _texts_of(node: ast.AST, seen: dict[int, None]) -> Iterator[tuple[int, _Text]]:
    """The sentences of a piece of code with the lines they begin in."""
    if _says_nothing(node):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and (forms := _forms(node)):
        for form in forms:
            text = _Text(form.text.strip(), form.values)
            if _is_shown(text.text):
                yield node.lineno, text
        for value in _values_of(node):
            yield from _texts_of(value, seen)
        return
    for child in _shown_children(node):
        yield from _texts_of(child, seen)


def _says_nothing(node: ast.AST) -> bool:
    """Docstrings, patterns, options of the command line."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        return called.startswith(("re.", "_log.", "log.", "logging.", "struct.")) or called.endswith(
            (".execute", ".executemany", ".add_argument", ".encode", "assert_never")
        )
    return isinstance(node, ast.Assert)


def _shown_children(node: ast.AST) -> Iterator[ast.AST]:
    """Without keys, subscripts, comparisons and type hints: what stands there is a name for the program."""
    if isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.Subscript):
        yield node.value
    elif isinstance(node, ast.Compare):
        return
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "index"):
        yield node.func
        yield from node.args[1:]
    else:
        yield from ast.iter_child_nodes(node)


def _forms(node: ast.AST) -> list[_Text]:
    """All texts that an expression of strings can come to; [] if it is no such expression."""
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str):
            return []
        fields = itertools.count()  # of a text that is formatted elsewhere
        text = re.sub(r"\{:[^{}]*\}", lambda _: f"{{{next(fields)}}}", node.value)
        return [_Text(text, (f"n{_NUMBER}",) * next(fields))]
    if isinstance(node, ast.IfExp):
        first, second = _forms(node.body), _forms(node.orelse)
        return first + second if first and second else []
    if isinstance(node, ast.JoinedStr):
        return _joined([_forms_of_part(part) for part in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        first, second = _forms(node.left), _forms(node.right)
        if first or second:
            return _joined([first or _forms_of_value(node.left), second or _forms_of_value(node.right)])
    return []


def _forms_of_part(part: ast.expr) -> list[_Text]:
    if not isinstance(part, ast.FormattedValue):
        return _forms(part)
    if part.format_spec is not None and re.search(r"[defg%,]'$", ast.unparse(part.format_spec)):
        return [_Text("{0}", (ast.unparse(part.value) + _NUMBER,))]
    return _forms_of_value(part.value)


def _forms_of_value(value: ast.expr) -> list[_Text]:
    return _forms(value) or [_Text("{0}", (ast.unparse(value) + (_NUMBER if _is_number(value) else ""),))]


def _is_number(value: ast.expr) -> bool:
    """True where the code leaves no doubt."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("len", "int", "round", "float")
    if isinstance(value, ast.BinOp):
        sides = value.left, value.right
        return any(_is_number(s) or (isinstance(s, ast.Constant) and isinstance(s.value, int | float)) for s in sides)
    return isinstance(value, ast.Name) and value.id in ("count", "number", "columns", "rows", "promised", "here")


def _joined(parts: list[list[_Text]]) -> list[_Text]:
    forms = [sum(choice, _Text()) for choice in itertools.product(*parts)]
    assert len(forms) <= _MOST_FORMS, f"one sentence has {len(forms)} forms: {forms[0].text}"
    return forms


def _values_of(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a sentence that are not taken apart already."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _values_of(part.value) if _forms(part.value) else (part.value,)
    elif isinstance(node, ast.IfExp):
        yield from (*_values_of(node.body), *_values_of(node.orelse))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            yield from _values_of(side) if _forms(side) else (side,)


def _is_shown(text: str) -> bool:
    """True for a sentence, a part of one, or a name that begins with a capital."""
    if _SQL.match(text) or _NEVER_SHOWN.fullmatch(text) or "\n" in text:
        return False
    words = _WORD.findall(re.sub(r"\{\d+\}", " ", text))
    if not words or (re.fullmatch(r"[\w.+-]+", text) and not re.fullmatch(r"[A-Z][a-z]+", text)):
        return False
    if len(words) > 1 or (" " in text and (text[0].isupper() or "{" in text)):
        return True
    return re.fullmatch(r"[A-Z][a-z]+", text) is not None and not _dicom_keyword(text)


def _line_of(file: Path, word: str) -> int:
    """Where a word of the table above stands in its file; KeyError if it is not there any more."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if word in line.lower().replace("_", " ") or word in line:
            return number
    raise KeyError(f"{file.name} no longer says {word!r}")


def _dicom_keyword(text: str) -> bool:
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(text) is not None


def _names_in_type(name: str, tree: ast.Module) -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Subscript):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == _NAMES_IN_TYPES[name]:
                for one in ast.walk(node.value.slice):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield name, one.lineno, one.value, ()


# Tables


def _of_tables() -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    """Names of presets, and what manifests of shipped models show of themselves."""
    for file in (ROOT / "resources/presets/window_level.json", ROOT / "resources/presets/volume_rendering.json"):
        for presets in json.loads(file.read_text(encoding="utf-8")).values():
            for preset in presets:
                yield _line(file, preset["name"])
    for file in sorted(ROOT.glob("resources/models/*/manifest.json")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        for text in (manifest["title"], manifest["description"], *(label["name"] for label in manifest["labels"])):
            yield _line(file, text)


def _line(file: Path, text: str) -> tuple[str, int, str, tuple[str, ...]]:
    content = file.read_text(encoding="utf-8")
    return file.relative_to(ROOT).as_posix(), content[: content.find(json.dumps(text))].count("\n") + 1, text, ()


def _of_the_system() -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    """What the operating system says of files, as it stands in brackets behind our own words."""
    for number in _SYSTEM_ERRORS:
        yield "packaging/sentences.py", 1, os.strerror(number), ()
    for text in _DATABASE_ERRORS:
        yield "packaging/sentences.py", 1, text, ()
    for form in ("[Errno {0}] {1}", "[Errno {0}] {1}: {2}"):
        yield "packaging/sentences.py", 1, form, (f"errno{_NUMBER}", "strerror", "filename")[: form.count("{")]


# The file of the translator


def merged(found: dict[str, Message], file: Path) -> ET.Element:
    """The file with all messages, with the translations that it has already; what is no longer said is left out."""
    old: dict[str, ET.Element] = {}
    if file.exists():
        for message in ET.parse(file).iter("message"):
            translation = message.find("translation")
            if translation is not None:
                old[message.findtext("source", "")] = translation
    root = ET.Element("TS", version="2.1", language="zh_CN", sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = "sentences"
    for message in found.values():
        entry = ET.SubElement(context, "message")
        for name, line in message.places:
            ET.SubElement(entry, "location", filename=f"../../{name}", line=str(line))
        ET.SubElement(entry, "source").text = message.source
        if message.values:
            comment = "; ".join(f"{{{n}}}: {value}" for n, value in enumerate(message.values))
            ET.SubElement(entry, "extracomment").text = comment
        entry.append(old.get(message.source, _unfinished()))
        if message.numbers:
            ET.SubElement(entry, "extra-numbers").text = message.numbers
    ET.indent(root, "    ")
    return root


def _unfinished() -> ET.Element:
    return ET.Element("translation", type="unfinished")


def main() -> int:
    found = collect()
    tree = merged(found, TS_FILE)
    unfinished = [message for message in tree.iter("message") if message.find("translation[@type]") is not None]
    TS_FILE.parent.mkdir(parents=True, exist_ok=True)
    with TS_FILE.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n')
        stream.write(ET.tostring(tree, encoding="unicode") + "\n")
    print(f"{len(found)} sentences and names, {len(unfinished)} without a translation: {TS_FILE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
