"""The handles of the crowd: made of word lists, so that they are believable and nobody's."""

_QUALITY = (
    "amber bold brave bright brisk calm clever cosmic crimson curious daring dusty eager fleet gentle golden hasty"
    " hidden humble icy jolly keen lively lucky mellow merry mighty misty nimble noble quiet rapid rusty shy silver sly"
    " snowy sunny swift witty"
)
_ANIMAL = (
    "badger bear beaver bison cobra crane crow deer dingo eagle falcon ferret finch fox gecko goose hare hawk heron"
    " ibex jackal koala lemur lynx magpie marten moose newt otter owl panda puffin raven robin seal shrew stoat tiger"
    " wolf yak"
)
_QUALITIES, _ANIMALS = _QUALITY.split(), _ANIMAL.split()
_STRIDE = 997  # a prime that does not divide MOST: each pair comes up once, and neighbours in the list are unlike
_NUMBERS = 89

MOST = len(_QUALITIES) * len(_ANIMALS)
"""How many handles there are."""


def handle(place: int) -> str:
    """Give the handle at this place of the list (0 to MOST - 1), such as swift-otter-12: always the same one."""
    quality, animal = divmod(place * _STRIDE % MOST, len(_ANIMALS))
    return f"{_QUALITIES[quality]}-{_ANIMALS[animal]}-{place * 53 % _NUMBERS + 1}"
