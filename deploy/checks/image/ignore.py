"""Which files of the repository a builder gets."""

import re
from pathlib import PurePosixPath


def pattern(text):
    """A line of .dockerignore as an expression over a path."""
    escaped = re.escape(text.strip("/"))
    for wildcard, expression in {r"\*\*/": "(?:.*/)?", r"\*\*": ".*", r"\*": "[^/]*", r"\?": "[^/]"}.items():
        escaped = escaped.replace(wildcard, expression)
    return re.compile(escaped)


class Ignore:
    """The rules of .dockerignore: the last line that matches a path, or a folder that it is in, decides."""

    def __init__(self, text):
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        self.rules = [(line.startswith("!"), pattern(line.removeprefix("!"))) for line in lines]

    def sends(self, path):
        """Whether a file is part of what is sent."""
        parts = PurePosixPath(path).parts
        ways = ["/".join(parts[: length + 1]) for length in range(len(parts))]
        sent = True
        for included, expression in self.rules:
            if any(expression.fullmatch(way) for way in ways):
                sent = included
        return sent
