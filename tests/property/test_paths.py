"""Laws of names in paths."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import MemberName
from goboard.entrypoints.http.paths import decode_segment

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)
# The server hands a path over as Latin-1, a character a byte.
SEGMENTS = st.text(st.characters(max_codepoint=255)) | st.text(alphabet="%25aFfgC3Bü/", max_size=12)


@given(NAMES)
def test_every_name_goes_through_a_path(name: str) -> None:
    assert decode_segment(quote(name, safe=""), "member_id") == MemberName.parse(name)
    # Clients differ in what they leave bare: the bytes themselves stand for themselves.
    bare = name.replace("%", "%25").encode().decode("latin-1")
    assert decode_segment(bare, "member_id") == name


@given(NAMES)
def test_every_byte_may_be_escaped_in_either_case(name: str) -> None:
    for form in ("%{:02x}", "%{:02X}"):
        assert decode_segment("".join(form.format(byte) for byte in name.encode()), "member_id") == name


@given(NAMES)
def test_what_is_encoded_twice_is_decoded_once(name: str) -> None:
    once = quote(name, safe="")
    assert decode_segment(quote(once, safe=""), "member_id") == once


@given(SEGMENTS)
def test_any_segment_gives_text_or_a_refusal(segment: str) -> None:
    try:
        name = decode_segment(segment, "member_id")
    except InvalidArgument:
        pass
    else:
        assert decode_segment(quote(name, safe=""), "member_id") == name
