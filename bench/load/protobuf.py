"""The few bytes of protobuf and of gRPC's framing that an update and its reply are made of."""

import struct

_SHORT = 0x80  # a length below it is one byte
_VARINT, _EIGHT_BYTES, _LENGTH_DELIMITED = 0, 1, 2
_PROBLEM_FIELD = 5
_PROBLEM_TAG = bytes([_PROBLEM_FIELD << 3 | _LENGTH_DELIMITED])
PREFIX_BYTES = 5

Fields = dict[int, int | float | bytes]


def update_request(board: str, member: str) -> bytes:
    """An increment of 1 as a gRPC message; the requests of the unary call and of the stream are alike."""
    return _framed(_text(1, board) + _text(2, member) + bytes([3 << 3 | _EIGHT_BYTES]) + struct.pack("<d", 1.0))


def watch_request(board: str, top: int) -> bytes:
    """What asks to watch the first `top` places, up to 100, as a gRPC message."""
    return _framed(_text(1, board) + bytes([2 << 3 | _VARINT, top]))


def split_messages(data: bytes) -> tuple[list[bytes], bytes]:
    """The gRPC messages that are there whole, and what is left."""
    messages: list[bytes] = []
    at, size = 0, len(data)
    while size - at >= PREFIX_BYTES:
        begins = at + PREFIX_BYTES
        ends = begins + int.from_bytes(data[at:begins], "big")  # with the flag of compression, which none asked for: 0
        if ends > size:
            break
        messages.append(data[begins:ends])
        at = ends
    return messages, data[at:]


def has_problem(message: bytes) -> bool:
    """Whether a reply's field `problem` is set; an empty reply, which names no rank, is one too."""
    # Most replies do not have the tag's byte at all, and need not be taken apart.
    return not message or (_PROBLEM_TAG in message and _PROBLEM_FIELD in fields(message))


def fields(message: bytes) -> Fields:
    r"""A message's fields by number, the last of each.

    Example:
        >>> fields(b"\x0a\x01a\x10\x07")
        {1: b'a', 2: 7}
    """
    found: Fields = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            found[tag >> 3], at = _varint(message, at)
        elif kind == _EIGHT_BYTES:
            (found[tag >> 3],) = struct.unpack_from("<d", message, at)
            at += 8
        elif kind == _LENGTH_DELIMITED:
            size, at = _varint(message, at)
            found[tag >> 3] = message[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {kind}")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] >= _SHORT:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
    return value | data[at] << shift, at + 1


def _framed(body: bytes) -> bytes:
    return bytes(1) + len(body).to_bytes(4, "big") + body


def _text(number: int, text: str) -> bytes:
    content = text.encode()
    if len(content) >= _SHORT:
        raise ValueError(f"{text!r} is too long")
    return bytes([number << 3 | _LENGTH_DELIMITED, len(content)]) + content
