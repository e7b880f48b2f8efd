"""What an ONNX file says of itself, read without running anything: a small bounded parser of its protocol buffers.

Exporters put weights into files beside the network (torch.onnx.export does so by default). onnxruntime would follow
such a reference anywhere, so it is never given a path; here they are taken from the folder of the network, and from
nowhere else, into one file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.manifest import ManifestError

Check = Callable[[], None]
Pieces = list[bytes | memoryview]

_MOST_BYTES = (2 << 30) - (1 << 20)  # of one protocol buffer
_DEEPEST = 32  # graphs in nodes in graphs
_WRITTEN_AT_ONCE = 16 << 20
_STANDARD = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}  # domains of operators that onnxruntime brings along
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_INSIDE = {  # messages that hold others that may hold weights: by their kind and field
    ("model", 7): "graph",
    ("model", 25): "function",
    ("graph", 1): "node",
    ("graph", 5): "tensor",
    ("graph", 15): "sparse",
    ("function", 7): "node",
    ("node", 5): "attribute",
    ("attribute", 5): "tensor",
    ("attribute", 6): "graph",
    ("attribute", 10): "tensor",
    ("attribute", 11): "graph",
    ("attribute", 22): "sparse",
    ("attribute", 23): "sparse",
    ("sparse", 1): "tensor",
    ("sparse", 2): "tensor",
}


@dataclass(frozen=True)
class Port:
    """An input or output: its type, and its sizes, None where they may be any."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxFile:
    """What a file says. last: the operator that makes the first output. foreign: operators of no known domain.
    beside: the files beside it that hold weights of it."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    opset: int
    producer: str
    last: str
    foreign: tuple[str, ...]
    beside: tuple[str, ...]


def read_onnx(path: Path, target: Path, check: Check = lambda: None) -> OnnxFile:
    """What an ONNX file says; all of it, with the weights that lie in files beside it, is written to target as one
    file. check may raise, to cancel.

    Raises ManifestError for what is no ONNX file, for weights that are not in plain files of its folder, and for more
    than one file can hold.
    """
    content = _bytes_of(path)
    try:
        whole = _Whole(path, check)
        pieces = whole.of(memoryview(content), "model")
        found = _told(memoryview(content), whole)
    except (ValueError, IndexError, TypeError) as error:
        raise ManifestError(f"{path.name} is not an ONNX file") from error
    if not found.inputs or not found.outputs:
        raise ManifestError(f"{path.name} is not an ONNX file")
    if sum(map(len, pieces)) > _MOST_BYTES:
        raise ManifestError(f"{path.name} and its weights are larger than the 2 GB of one network")
    with target.open("wb") as file:
        for piece in pieces:
            for start in range(0, len(piece), _WRITTEN_AT_ONCE):
                check()
                file.write(piece[start : start + _WRITTEN_AT_ONCE])
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ManifestError(f"{path.name} is larger than the 2 GB of one network")
        return path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path.name} cannot be read ({error.strerror})") from error


class _Whole:
    """A message with what lies beside the file in it. What was met on the way is kept."""

    def __init__(self, path: Path, check: Check) -> None:
        self._path, self._check = path, check
        self._read: dict[str, memoryview] = {}
        self.used: set[tuple[str, str]] = set()  # operators, by domain and name

    @property
    def beside(self) -> tuple[str, ...]:
        return tuple(self._read)

    def of(self, message: memoryview, kind: str, depth: int = 0) -> Pieces:
        if depth > _DEEPEST * 3:
            raise ValueError("graphs lie too deep in one another")
        if kind == "node":
            self._check()
            fields = {number: value for number, _, value, _ in _fields(message) if number in (4, 7)}
            self.used.add((_text(fields.get(7, b"")), _text(fields.get(4, b""))))
        if kind == "tensor":
            return self._tensor(message)
        pieces: Pieces = []
        start = 0  # of what is taken over as it is
        for number, wire, value, (begin, end) in _fields(message):
            inner = _INSIDE.get((kind, number))
            if inner is None or wire != _BYTES:
                continue
            assert isinstance(value, memoryview)
            made = self.of(value, inner, depth + 1)
            if len(made) == 1 and made[0] is value:
                continue
            pieces += [message[start:begin], _varint(number << 3 | _BYTES), _varint(sum(map(len, made))), *made]
            start = end
        return [*pieces, message[start:]] if pieces else [message]

    def _tensor(self, message: memoryview) -> Pieces:
        kept: Pieces = []
        entries: dict[str, str] = {}
        outside = False
        for number, wire, value, (begin, end) in _fields(message):
            if number == 13 and wire == _BYTES:
                assert isinstance(value, memoryview)
                pair = {number: _text(text) for number, _, text, _ in _fields(value)}
                entries[pair.get(1, "")] = pair.get(2, "")
            elif number == 14:
                outside = value == 1
            else:
                kept.append(message[begin:end])
        if not outside:
            return [message]
        data = self._file(entries.get("location", ""))
        offset = int(entries.get("offset", "0"))
        length = int(entries.get("length", str(len(data) - offset)))
        if offset < 0 or length < 0 or offset + length > len(data):
            raise ManifestError(f"{entries['location']} is shorter than {self._path.name} says")
        return [*kept, _varint(9 << 3 | _BYTES), _varint(length), data[offset : offset + length]]

    def _file(self, name: str) -> memoryview:
        """A plain file of the network's own folder, all of it."""
        if name in self._read:
            return self._read[name]
        if not name or Path(name).name != name or name in (".", "..") or "\\" in name or "\0" in name:
            raise ManifestError(f"{self._path.name} has its weights outside its folder: {name!r}")
        path = self._path.parent / name
        try:
            found = os.lstat(path)
        except OSError:
            raise ManifestError(f"{self._path.name} needs the file {name} beside it, which is not there") from None
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:  # a hard link may be any file of this machine
            raise ManifestError(f"{name}, with weights of {self._path.name}, is a link and not a file of its folder")
        if sum(map(len, self._read.values())) + found.st_size > _MOST_BYTES:
            raise ManifestError(f"{self._path.name} and its weights are larger than the 2 GB of one network")
        self._read[name] = memoryview(_bytes_of(path))
        return self._read[name]


def _told(model: memoryview, whole: _Whole) -> OnnxFile:
    graph, opset, producer, own = memoryview(b""), 0, ["", ""], set()
    for number, wire, value, _ in _fields(model):
        if wire != _BYTES:
            continue
        assert isinstance(value, memoryview)
        if number == 7:
            graph = value
        elif number in (2, 3):
            producer[number - 2] = _text(value)
        elif number == 8:
            pair = {number: value for number, _, value, _ in _fields(value)}
            if _text(pair.get(1, b"")) in ("", "ai.onnx"):
                opset = int(pair.get(2, 0))  # type: ignore[arg-type]
        elif number == 25:
            pair = {number: value for number, _, value, _ in _fields(value) if number in (1, 10)}
            own.add((_text(pair.get(10, b"")), _text(pair.get(1, b""))))
    inputs, outputs, given, makers = [], [], set(), {}
    for number, wire, value, _ in _fields(graph):
        if wire != _BYTES:
            continue
        assert isinstance(value, memoryview)
        if number == 1:
            operator, made = "", []
            for inner, _, text, _ in _fields(value):
                if inner == 4:
                    operator = _text(text)
                elif inner == 2:
                    made.append(_text(text))
            makers |= dict.fromkeys(made, operator)
        elif number == 5:
            given |= {_text(text) for inner, _, text, _ in _fields(value) if inner == 8}
        elif number == 11:
            inputs.append(_port(value))
        elif number == 12:
            outputs.append(_port(value))
    foreign = sorted(f"{domain}.{name}" for domain, name in whole.used - own if domain not in _STANDARD)
    return OnnxFile(
        tuple(port for port in inputs if port.name not in given),
        tuple(outputs),
        opset,
        " ".join(filter(None, producer)),
        makers.get(outputs[0].name, "") if outputs else "",
        tuple(foreign),
        whole.beside,
    )


def _port(message: memoryview) -> Port:
    name, kind, shape = "", 0, []
    for number, _, value, _ in _fields(message):
        if number == 1:
            name = _text(value)
        if number != 2:
            continue
        for is_tensor, _, tensor, _ in _fields(value):  # type: ignore[arg-type]
            if is_tensor != 1:
                continue
            for inner, _, part, _ in _fields(tensor):  # type: ignore[arg-type]
                if inner == 1:
                    kind = int(part)  # type: ignore[arg-type]
                elif inner == 2:
                    shape = [_size(side) for number, _, side, _ in _fields(part) if number == 1]  # type: ignore[arg-type]
    return Port(name, _TYPES.get(kind, f"type {kind}"), tuple(shape))


def _size(message: int | memoryview) -> int | None:
    sizes = [value for number, wire, value, _ in _fields(message) if number == 1 and wire == _VARINT]  # type: ignore[arg-type]
    return sizes[0] if sizes and 0 < sizes[0] < 1 << 31 else None  # type: ignore[operator, return-value]


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview, tuple[int, int]]]:
    """Of each field its number, its wire type, its value and where it begins and ends. Raises ValueError or IndexError
    for what is no message."""
    at, end = 0, len(message)
    while at < end:
        begin = at
        tag, at = _read_varint(message, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("no such field")
        value: int | memoryview
        if wire == _VARINT:
            value, at = _read_varint(message, at)
        elif wire in (_EIGHT, _FOUR):
            length = 8 if wire == _EIGHT else 4
            value, at = message[at : at + length], at + length
        elif wire == _BYTES:
            length, at = _read_varint(message, at)
            value, at = message[at : at + length], at + length
        else:
            raise ValueError("no such wire type")
        if at > end:
            raise ValueError("the message is too short")
        yield number, wire, value, (begin, at)


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("the number is too long")


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _text(value: int | bytes | memoryview) -> str:
    if isinstance(value, int):
        raise ValueError("a number in the place of a text")
    return bytes(value[:4096]).decode()
