"""Names: how those of the contract become names of Python."""

import re


def snake_case(name: str) -> str:
    """listThings → list_things, readHTTPLog → read_http_log."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", name)
    return re.sub(r"\W+|_+", "_", words).strip("_").lower()


def pascal_case(name: str) -> str:
    """listThings → ListThings, spare-parts → SpareParts."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", name))
