"""Codes of ISO 20022 cash and payment messages: the external code sets, codes only.

A code that stands in none of them is kept as the bank wrote it and told once: the sets grow every quarter.
"""

from typing import Final

_REASONS: Final = """
AB01 AB02 AB03 AB04 AB05 AB06 AB07 AB08 AB09 AB10 AB11 AB12 AB13 AB15 AB21 AB26 AC01 AC02 AC03 AC04 AC05 AC06 AC07
AC08 AC09 AC10 AC11 AC12 AC13 AC14 AC15 AC16 AC17 AEXR AG01 AG02 AG03 AG04 AG05 AG06 AG07 AG08 AG09 AG10 AG11 AG12
AG13 AGNT ALAC AM01 AM02 AM03 AM04 AM05 AM06 AM07 AM09 AM10 AM11 AM12 AM13 AM14 AM15 AM16 AM17 AM18 AM19 AM20 AM21
AM22 AM23 AMSE APAR ARDT ARFR ARJR ATNS BDAY BE01 BE04 BE05 BE06 BE07 BE08 BE09 BE10 BE11 BE12 BE13 BE14 BE15 BE16
BE17 BE18 BE19 BE20 BE21 BE22 BE23 CERI CH03 CH04 CH07 CH09 CH10 CH11 CH12 CH13 CH14 CH15 CH16 CH17 CH19 CH20 CH21
CH22 CHCO CHQC CHRG CN01 CNNS CNOR CNPC CURR CUST DC02 DC04 DNOR DS01 DS02 DS03 DS04 DS05 DS06 DS07 DS08 DS09 DS0A
DS0B DS0C DS0D DS0E DS0F DS0G DS0H DS0K DS10 DS11 DS12 DS13 DS14 DS15 DS16 DS17 DS18 DS19 DS20 DS21 DS22 DS23 DS24
DS25 DS26 DS27 DS28 DT01 DT02 DT03 DT04 DT05 DT06 DU01 DU02 DU03 DU04 DU05 DUPL ED01 ED03 ED05 ED06 EDNA EDTL EDTR
EMVL EOL1 ERIN FF01 FF02 FF03 FF04 FF05 FF06 FF07 FF08 FF09 FF10 FF11 FF12 FF13 FOCR FR01 FRAD FRTR G000 G001 G002
G003 G004 G005 G006 ID01 IEDT INAR INDT IPNS IRNR ISWS MD01 MD02 MD05 MD06 MD07 MD08 MD09 MD10 MD11 MD12 MD13 MD14
MD15 MD16 MD17 MD18 MD19 MD20 MD21 MD22 MD23 MINF MS02 MS03 NARR NERI NOAR NOAS NOCM NOFR NOOR NOPG NRCH OSNS PINL
PINS RC01 RC02 RC03 RC04 RC05 RC06 RC07 RC08 RC09 RC10 RC11 RC12 RC13 RC15 RC16 RCON RECI REPR RF01 RQNR RR01 RR02
RR03 RR04 RR05 RR06 RR07 RR08 RR09 RR10 RR11 RR12 RTNS RUTA S000 S001 S002 S003 S004 SBRN SL01 SL02 SL03 SL11 SL12
SL13 SL14 SL15 SL16 SL17 SL18 SNRD SP01 SP02 SPII SVNR TA01 TD01 TD02 TD03 TK01 TK02 TK03 TK09 TKCM TKSG TKSP TKVE
TKXP TM01 TRAC TS01 TS04 UCRD UPAY
"""
REASON_CODES: Final = frozenset(_REASONS.split())
"""Why a payment was returned, rejected or reversed, or a mandate refused: the four external sets of reasons together,
because banks write a status reason where the message asks for a return reason and the other way round."""

BALANCE_CODES: Final = frozenset({"CLAV", "CLBD", "FWAV", "INFO", "ITAV", "ITBD", "OPAV", "OPBD", "PRCD", "XPCD"})

BOOKED: Final = "BOOK"
ENTRY_STATUSES: Final = frozenset({BOOKED, "FUTR", "INFO", "PDNG"})
"""Only a booked entry moves money."""

_PAYMENT_STATUSES: Final = """
ACCC ACCP ACFC ACFW ACIS ACPD ACSC ACSP ACTC ACWC ACWP BLCK CANC CPUC PART PATC PDNG PRES RCVC RCVD RJCT RVCM RVMC
RVNA RVNC RVNM
"""
PAYMENT_STATUSES: Final = frozenset(_PAYMENT_STATUSES.split())
"""Of a group, a batch or a transaction."""
REJECTING_STATUSES: Final = frozenset({"CANC", "RJCT"})
"""The transaction will not be carried out, and no money moved for it."""
PARTLY: Final = "PART"
"""Some transactions of a group or batch were accepted and others were not: says nothing about any one of them."""

RETURN_SUB_FAMILIES: Final = frozenset(
    {"UPDD", "PRDD", "RCDD", "RRTN", "RPCR", "ARET", "AREV", "UPCQ", "XPCQ", "CQRV", "UPCT"}
)
"""Bank transaction code sub-families under which money goes back: unpaid, reversed or recalled direct debits; returned
or recalled credit transfers; returned or reversed ACH; unpaid cheques and cards."""

CHARGE_SUB_FAMILIES: Final = frozenset({"CHRG", "COMM", "FEES"})
"""Sub-families of every family under which the bank charges for its service."""

DEBIT_MESSAGES: Final = ("pain.008", "pacs.003")
"""Messages that collect money: what comes back of them is paid by the one who collected."""
CREDIT_MESSAGES: Final = ("pain.001", "pacs.008", "pacs.009")
"""Messages that send money: what comes back of them is received by the one who sent."""
