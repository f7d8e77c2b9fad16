"""Prints which of the packages in the arguments (NAME or NAME==VERSION) are not installed so, on one line."""

import importlib.metadata
import sys

missing = []
for requirement in sys.argv[1:]:
    name, _, version = requirement.partition("==")
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        missing.append(name)
        continue
    if version and found.partition("+")[0] != version:
        missing.append(f"{requirement} (found {found})")
print(", ".join(missing))
