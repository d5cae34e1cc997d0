"""Write constraints.txt: the installed version of every package that the extras and groups bring.

Run it as ``make freeze`` after the tests passed. It walks what is installed from `napari-sciml[all]` and
the group `dev`, so that tools somebody added by hand are not pinned.
"""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
HEAD = """\
# The versions that the tests passed with, on Python 3.11. Written by `make freeze`.
"""


def main() -> None:
    """Write the file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement("napari-sciml[all]"), *group(project["dependency-groups"], "dev")]
    pins = closure(wanted)
    pins.pop("napari-sciml")
    lines = [f"{name}=={version}" for name, version in sorted(pins.items())]
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"Pinned {len(lines)} packages.")


def group(groups: dict[str, list[str | dict[str, str]]], name: str) -> list[Requirement]:
    """Return the requirements of a dependency group, with the groups that it includes."""
    found: list[Requirement] = []
    for entry in groups[name]:
        if isinstance(entry, str):
            found.append(Requirement(entry))
        else:
            found.extend(group(groups, entry["include-group"]))
    return found


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Return name and public version of everything that `wanted` brings on this machine."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = list(wanted)
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(name)
        # "2.13.0+cpu" is one build of 2.13.0; the pin leaves the choice of the build open.
        found[name] = Version(distribution.version).public
        for line in distribution.requires or []:
            child = Requirement(line)
            if applies(child, requirement.extras):
                todo.append(child)
    return found


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Return whether a requirement counts here when its parent is asked for with `extras`."""
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in {"", *extras})


if __name__ == "__main__":
    main()
