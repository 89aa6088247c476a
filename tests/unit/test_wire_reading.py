"""The JSON that is read: bodies of increments and scores, and updates over a WebSocket."""

import json
import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.http.bodies import ScoreItem, read_lookup, read_rules, read_score, read_scores
from goboard.entrypoints.http.wire import UpdateMessage, read_increment, read_update
from goboard.entrypoints.updates import required

REQUIRED = "increment is required"
MALFORMED = "malformed JSON"
NUMBER = "the body must be a JSON object whose increment is a number"
DEEP = "the JSON is nested too deeply"


@pytest.mark.parametrize(
    ("body", "increment"),
    [
        (b'{"increment":1}', 1.0),
        (b' {"increment" : -2.5e1 }\r\n', -25.0),
        (b'{"increment":9007199254740992}', 2.0**53),
        (b'{"increment":1e308}', 1e308),
        (b'{"increment":5e-324}', 5e-324),
        (b'{"increment":1e-999}', 0.0),
        (b'{"increment":-0}', 0.0),
        (b'{"increment":-0.0}', 0.0),
        (b'{"x":[{"y":null}],"increment":1,"z":"\xc3\xbc"}', 1.0),
        (b'{"increment":1,"increment":2}', 2.0),
        (b'{"increment":100000000000000000000}', 1e20),
    ],
)
def test_a_body_is_an_object_with_a_number(body: bytes, increment: float) -> None:
    assert read_increment(body) == increment


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{}", REQUIRED),
        (b'{"increment":null}', REQUIRED),
        (b'{"Increment":1}', REQUIRED),
        (b'{"increment":"1"}', NUMBER),
        (b'{"increment":true}', NUMBER),
        (b'{"increment":[1]}', NUMBER),
        (b'{"increment":{}}', NUMBER),
        (b'{"increment":1e999}', NUMBER),
        (b'{"increment":-1e999}', NUMBER),
        (b'{"increment":' + b"9" * 400 + b"}", NUMBER),
        (b'{"increment":' + b"9" * 5000 + b"}", NUMBER),
        (b"[]", NUMBER),
        (b'[{"increment":1}]', NUMBER),
        (b"1", NUMBER),
        (b'"increment"', NUMBER),
        (b"null", NUMBER),
        (b"", MALFORMED),
        (b" ", MALFORMED),
        (b"{", MALFORMED),
        (b'{"increment":1', MALFORMED),
        (b'{"increment":1}}', MALFORMED),
        (b'{"increment":1}\x00', MALFORMED),
        (b'{"increment":1,}', MALFORMED),
        (b"{'increment':1}", MALFORMED),
        (b'{"increment":NaN}', MALFORMED),
        (b'{"increment":Infinity}', MALFORMED),
        (b'{"increment":-Infinity}', MALFORMED),
        (b'{"increment":+1}', MALFORMED),
        (b'{"increment":01}', MALFORMED),
        (b'{"increment":.5}', MALFORMED),
        (b'{"increment":0x10}', MALFORMED),
        (b'{"increment":1_0}', MALFORMED),
        (b"increment=1", MALFORMED),
        (b'\xef\xbb\xbf{"increment":1}', MALFORMED),
        ('{"increment":1}'.encode("utf-16"), MALFORMED),
        (b'{"\xff":1,"increment":1}', MALFORMED),
        (b'{"x":"\xff","increment":1}', MALFORMED),
        (b'{"x":"\xed\xa0\x80","increment":1}', MALFORMED),
        (b'{"x":"\\ud800","increment":1}', MALFORMED),
        (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b',"increment":1}', DEEP),
        (b'{"x":' * 10_000 + b"1" + b"}" * 10_000, DEEP),
    ],
)
def test_any_other_body_is_refused_with_a_reason(body: bytes, detail: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_increment(body)
    assert str(caught.value) == detail


NUMBERS = st.floats().map(repr) | st.integers().map(str) | st.text(alphabet="0123456789+-.eE", max_size=12)


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode(errors="surrogatepass")))
@example(b'{"increment":1}')
def test_any_bytes_give_a_finite_number_or_a_refusal(body: bytes) -> None:
    with suppress(InvalidArgument):
        assert math.isfinite(read_increment(body))


@given(NUMBERS)
def test_any_text_in_place_of_the_number_gives_that_number_or_a_refusal(text: str) -> None:
    with suppress(InvalidArgument):
        assert read_increment(b'{"increment":%s}' % text.encode()) == float(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_double_is_read_exactly(value: float) -> None:
    assert read_increment(b'{"increment":%s}' % repr(value).encode()) == value


@given(st.text(max_size=200) | st.text(st.characters(categories=["Cs", "Ll"])))
@example('{"dashboard":"\ud800"}')
def test_any_text_gives_an_update_or_a_refusal(text: str) -> None:
    with suppress(InvalidArgument):
        assert isinstance(read_update(text), UpdateMessage)


@pytest.mark.parametrize(
    ("text", "update"),
    [
        ('{"dashboard":"d","member_id":"m","increment":1}', UpdateMessage("d", "m", 1.0)),
        ('{"increment":-0.5,"member_id":"ü","dashboard":"\\u00fc","x":[]}', UpdateMessage("ü", "ü", -0.5)),
        ("{}", UpdateMessage()),
        ('{"dashboard":null,"member_id":null,"increment":null}', UpdateMessage()),
        ('{"dashboard":"","member_id":"\\u0000"}', UpdateMessage("", "\x00")),
    ],
)
def test_an_update_is_an_object_of_two_texts_and_a_number(text: str, update: UpdateMessage) -> None:
    assert read_update(text) == update


FORM = (
    "the message must be a JSON object with the texts dashboard and member_id, the number increment and, if any, the"
    " text op_id, or with an op; its id, where there is one, is a text of up to 128 characters or an integer"
)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"dashboard":1}', FORM),
        ('{"member_id":["m"]}', FORM),
        ('{"increment":"1"}', FORM),
        ('{"increment":false}', FORM),
        ('{"increment":1e999}', FORM),
        ('["d","m",1]', FORM),
        ('"d"', FORM),
        ("null", FORM),
        ("", MALFORMED),
        ("ping", MALFORMED),
        ('{"increment":NaN}', MALFORMED),
        ('\ufeff{"dashboard":"d"}', MALFORMED),
        ('{"dashboard":"\ud800"}', MALFORMED),
        ('{"dashboard":"\\ud800"}', MALFORMED),
        ('{"x":' + "[" * 30_000 + "]" * 30_000 + "}", DEEP),
    ],
)
def test_any_other_message_is_refused_with_a_reason(text: str, detail: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_update(text)
    assert str(caught.value) == detail


def test_an_increment_of_zero_is_not_a_missing_one() -> None:
    assert required(0.0) == 0.0
    with pytest.raises(InvalidArgument, match=REQUIRED):
        required(None)


@pytest.mark.parametrize(
    ("body", "submitted"),
    [
        (b'{"score":1}', (1.0, None)),
        (b'{"score":-0.5,"metadata":{},"x":[]}', (-0.5, {})),
        (b'{"score":1e2,"metadata":{"a":[1,"\\u00fc",null,{"b":1.5}]}}', (100.0, {"a": [1, "ü", None, {"b": 1.5}]})),
        (b'{"score":1,"metadata":null}', (1.0, None)),
    ],
)
def test_a_score_comes_with_metadata_or_without(body: bytes, submitted: tuple[float, object]) -> None:
    assert read_score(body) == submitted


def test_many_scores_are_read_each_on_its_own() -> None:
    read = read_scores(b'{"scores":[{"member_id":"m","score":1},{"member_id":1},{},{"score":1,"metadata":{"a":1}}]}')

    assert isinstance(read[1], InvalidArgument)
    assert [read[0], read[2], read[3]] == [
        ScoreItem(member_id="m", score=1.0),
        ScoreItem(),
        ScoreItem(score=1.0, metadata={"a": 1}),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_metadata_and_rules_are_read_as_they_were_written(said: dict[str, object]) -> None:
    assert read_score(b'{"score":1,"metadata":%s}' % json.dumps(said).encode()) == (1.0, said)
    assert read_rules(json.dumps(said).encode()) == said


@given(st.sampled_from([read_score, read_scores, read_lookup, read_rules]), st.binary(max_size=200))
@example(read_scores, b'{"scores":[1]}')
@example(read_rules, b'{"keep":%s}' % (b"9" * 5000))
def test_any_bytes_give_what_is_asked_for_or_a_refusal(read: Callable[[bytes], object], body: bytes) -> None:
    with suppress(InvalidArgument):
        assert read(body) is not None
