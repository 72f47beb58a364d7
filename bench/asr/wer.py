"""Word error rate, by the same rules as tests/src/wer.rs.

>>> [errors(said, heard) for said, heard in [
...     ("ask not what", "Ask not, what?"), ("mister quilter", "Mr. Quilter"),
...     ("ill disposed", "ill-disposed"), ("a b c", "a x c"), ("a b c", ""), ("a", "a b c")]]
[0, 0, 0, 1, 3, 2]
"""

import re


def words(text: str) -> list[str]:
    """Lower-case words without punctuation; hyphens and apostrophes separate."""
    spaced = re.sub("[-–—’']", " ", text.lower())
    bare = ("".join(it for it in word if it.isalnum()) for word in spaced.split())
    return ["mister" if word == "mr" else word for word in bare if word]


def errors(said: str, heard: str) -> int:
    """Words that are wrong, missing or too many."""
    reference, hypothesis = words(said), words(heard)
    row = list(range(len(hypothesis) + 1))
    for index, word in enumerate(reference, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(hypothesis, 1):
            substituted = diagonal + (word != other)
            diagonal = row[column]
            row[column] = min(substituted, row[column] + 1, row[column - 1] + 1)
    return row[-1]
