"""Why pay is not calculated: each reason has a code, and nothing is written."""

from __future__ import annotations


class PayRefused(Exception):
    """No pay comes of this; `code` names the reason, the sentence has no amount and no name of a person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
