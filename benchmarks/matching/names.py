"""Names of payers, made of syllables, as unevenly frequent as names are."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Final

RANK_SHIFT: Final = 10
"""The n-th name is as frequent as 1 / (n + 10): the first surname has 1.2 of a hundred, as in Germany or England."""

_SURNAME_STARTS: Final = "BRAN HOL KES LIN MAR NOR PEL RAS SOR TAL VAN WES DOR FEN GAR HAR JOR KAL LOR MEN"
_SURNAME_MIDDLES: Final = "TE DI GA LO MI NA RE SU VE KO"
_SURNAME_ENDS: Final = "BERG DAL FELD GREN HOLM INGER LAND MANN NER OW QUIST RUP SEN STEDT SON THAL TON VIG WALD WICK"
_SURNAME_ENDINGS: Final = ("", "S", "A", "E", "O")
_GIVEN_NAME_STARTS: Final = "AN BE CA DO EL FI GI HE JO KA LE MA NI OL PA RO SA TI UR VI"
_GIVEN_NAME_ENDS: Final = "A BEL DA FRED LA MIR NA RA SIN TO"
_GIVEN_NAME_ENDINGS: Final = ("", "S")


@dataclass(frozen=True, slots=True)
class Name:
    given: str
    surname: str

    def __str__(self) -> str:
        return f"{self.given} {self.surname}"


class Names:
    """Draws names; frequent ones come again and again, in households that have nothing to do with each other."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._surnames = _make_names(
            chance, _SURNAME_STARTS.split(), _SURNAME_MIDDLES.split(), _SURNAME_ENDS.split(), _SURNAME_ENDINGS
        )
        self._given_names = _make_names(
            chance, _GIVEN_NAME_STARTS.split(), _GIVEN_NAME_ENDS.split(), _GIVEN_NAME_ENDINGS
        )
        self._surname_weights = _weights(len(self._surnames))
        self._given_name_weights = _weights(len(self._given_names))

    def draw(self, surname: str | None = None) -> Name:
        """A name, with the surname of someone else of the household where one is given."""
        (given,) = self._chance.choices(self._given_names, cum_weights=self._given_name_weights)
        if surname is None:
            (surname,) = self._chance.choices(self._surnames, cum_weights=self._surname_weights)
        return Name(given, surname)


def _make_names(chance: random.Random, *parts: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys("".join(syllables).title() for syllables in product(*parts)))
    chance.shuffle(names)
    return names


def _weights(count: int) -> list[float]:
    return list(accumulate(1 / (rank + RANK_SHIFT) for rank in range(1, count + 1)))
