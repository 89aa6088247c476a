"""The domain's words as messages, and back."""

import dashboard_pb
import pytest

from goboard.domain.errors import InvalidArgument
from goboard.domain.periods import ALWAYS, Period
from goboard.domain.rules import DEFAULT_RULES, Attempts, BoardRules, Operator, Order, Rules, Ties
from goboard.entrypoints.grpc import messages

EVERY_RULE = Rules(
    order=Order.ASC,
    operator=Operator.BEST,
    ties=Ties.DENSE,
    min_score=-1.5,
    max_score=0.0,
    capacity=10,
    windows=("weekly", "all"),
    timezone="Asia/Kolkata",
    week_starts="sunday",
    keep=0,
    attempts=Attempts(2, "weekly"),
    track=True,
)


@pytest.mark.parametrize("rules", [DEFAULT_RULES, EVERY_RULE, Rules(max_increment=0.5)])
def test_rules_come_back_as_they_went(rules: Rules):
    fields = messages.rules_fields(BoardRules(rules, 7))
    request = dashboard_pb.message("SetRulesRequest")()
    request.rules.MergeFromString(fields["rules"].SerializeToString())
    assert fields["revision"] == 7
    assert messages.read_rules(request) == rules


def test_rules_have_the_fields_of_the_domains():
    assert set(dashboard_pb.message("Rules").DESCRIPTOR.fields_by_name) == set(DEFAULT_RULES.said())


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[1]", "metadata must be a JSON object"),
        ("null", "metadata must be a JSON object"),
        ('{"a":', "metadata is malformed JSON"),
        ('{"a": Infinity}', "metadata is malformed JSON"),
        ('{"a": 1} 2', "metadata is malformed JSON"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "metadata is nested too deeply"),
    ],
)
def test_metadata_that_is_none(text: str, detail: str):
    with pytest.raises(InvalidArgument, match=detail):
        messages.read_metadata(text)


def test_metadata_comes_back_as_it_went():
    held = {"é": [1, -2.5, None, True, {"": "\U0001f600"}]}
    assert messages.read_metadata(messages.metadata_text(held)) == held
    assert messages.read_metadata(messages.metadata_text(None)) is None


def test_instants_are_whole_milliseconds():
    found = messages.period_message(Period("daily", "x", 1.001, 86_399.9999))
    assert (found.start_ms, found.end_ms) == (1001, 86_399_999)
    before = messages.period_message(Period("daily", "x", -0.0005, 0.0))
    assert (before.start_ms, before.end_ms) == (-1, 0)


def test_a_period_without_ends_has_none():
    found = messages.period_message(ALWAYS)
    assert [field.name for field, _ in found.ListFields()] == ["name"]  # type: ignore[attr-defined] # upb's
