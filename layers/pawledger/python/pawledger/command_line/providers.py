"""`pawledger providers check`: whether provider profiles are sound, and what they say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from pawledger.command_line.tables import escape_text
from pawledger.rules.provider_profiles import (
    WEEKDAYS,
    ProviderProfile,
    ProviderProfileError,
    profile_from_toml,
    shipped_profile_texts,
)

PROFILE_BYTES_MAX: Final = 256 * 1024
"""A profile has some dozens of lines, the longest mapping some hundreds; more is another file by mistake."""


def check_profiles(paths: Sequence[str], out: TextIO) -> bool:
    """Check the profiles at `paths`, without any the shipped ones, and write what each says or what is wrong in it.

    Returns whether all are sound.
    """
    texts = _read_profiles(paths) if paths else shipped_profile_texts()
    is_sound = True
    for name, text in texts.items():
        try:
            lines = _describe(profile_from_toml(name, text))
        except ProviderProfileError as error:
            is_sound = False
            lines = [f"{name}: not sound", *(f"  {fault}" for fault in error.faults)]
        out.writelines(f"{escape_text(line)}\n" for line in lines)
    out.write(f"{len(texts)} checked, {'all sound' if is_sound else 'not all sound'}\n")
    return is_sound


def _read_profiles(paths: Sequence[str]) -> dict[str, str]:
    """Texts by provider. Raises `ProviderProfileError` for a file that cannot be read."""
    texts = {}
    for path in map(Path, paths):
        try:
            data = path.read_bytes()
            if len(data) > PROFILE_BYTES_MAX:
                raise ProviderProfileError(path.name, [f"larger than {PROFILE_BYTES_MAX} bytes, so no profile"])
            texts[path.stem] = data.decode("utf-8")
        except UnicodeDecodeError:
            raise ProviderProfileError(path.name, ["not UTF-8"]) from None
        except OSError as error:
            raise ProviderProfileError(path.name, [f"cannot be read: {error.strerror}"]) from None
    return texts


def _describe(profile: ProviderProfile) -> list[str]:
    said: list[tuple[str, Any]] = [
        ("drops", ", ".join(profile.formats)),
        ("is posted", ", ".join(profile.posts)),
        ("accounts", ", ".join(f"{each.number} {each.currency or ''}".strip() for each in profile.accounts) or "any"),
        ("told elsewhere", ", ".join(sorted(profile.told_elsewhere))),
        ("warnings known", "any" if profile.deviations is None else ", ".join(sorted(profile.deviations)) or "none"),
        ("mappings", ", ".join(mapping.name for mapping in profile.csv_mappings)),
        ("lockbox layout", "its own" if profile.lockbox_layout else ""),
    ]
    if profile.delivery:
        days = ", ".join(WEEKDAYS[day] for day in profile.delivery.weekdays)
        holidays = f", not on holidays of {profile.delivery.holidays}" if profile.delivery.holidays else ""
        until = f"{profile.delivery.until:%H:%M} {profile.delivery.time_zone}"
        said.append(("delivers", f"{days} until {until}{holidays}"))
    return [f"{profile.provider}: {profile.title}", *(f"  {name:<15} {value}" for name, value in said if value)]
