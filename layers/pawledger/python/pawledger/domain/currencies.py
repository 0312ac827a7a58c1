"""ISO 4217 currencies in circulation and how many decimals their minor unit has.

Source: ISO 4217 list one (currencies and funds in use): codes that name money a
premium can be paid in; metals, test codes and bond-market units are left out on purpose.
"""

from typing import Final

from pawledger.domain.errors import PawledgerError

_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR_DECIMALS: Final = "CLF UYW"
_WITH_TWO_DECIMALS: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""

MINOR_UNIT_DECIMALS: Final[dict[str, int]] = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_WITH_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_WITH_THREE_DECIMALS.split(), 3),
    **dict.fromkeys(_WITH_FOUR_DECIMALS.split(), 4),
}


_CODE_LENGTH: Final = 3
"""More of a wrong code is not quoted: what a sender puts there by mistake may be a person's."""


class UnknownCurrencyError(PawledgerError):
    """The code is not an ISO 4217 currency that money can be received in."""


def decimals_of(currency: str) -> int:
    """How many decimals the minor unit of `currency` has: 0 for JPY, 2 for EUR, 3 for BHD.

    Raises `UnknownCurrencyError` for a code that is not in ISO 4217.
    """
    decimals = MINOR_UNIT_DECIMALS.get(currency)
    if decimals is None:
        raise UnknownCurrencyError(f"{currency[:_CODE_LENGTH]!r} is not an ISO 4217 currency code")
    return decimals
