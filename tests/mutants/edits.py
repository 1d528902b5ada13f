"""Finds small changes of C text, and writes a text that makes any one of them when it is asked for.

edits = find(path.read_text(), lines)
text = applied(path.read_text(), [(edit, 1 + number) for number, edit in enumerate(edits)])

The text calls BL_IS(n), which is 1 while change n is made and 0 otherwise, and BL_SIGN(n), -1 or 1.
Where no change is made, it computes what it did before. It needs no types and no parser, because
C's precedence does: `a < b` becomes `a < BL_IS(n) + b`, which is `a <= b` for integers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:[^\n\\]|\\.)*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[uUlLfF]*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!&|^~?:;,.(){}\[\]])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
OPEN, CLOSE = ("(", "[", "{"), (")", "]", "}")
COMPARED = {"<": "< {is} +", "<=": "<= -{is} +", ">": "> -{is} +", ">=": ">= {is} +"}
COMPARED |= {"==": "== {is} +", "!=": "!= {is} +"}
BECOMES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "== 1 +", "!=": "!= 1 +"}
SIGNED = {"+": "-", "-": "+", "+=": "-=", "-=": "+="}
ASSIGNS = ("=", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<=", ">>=", "++", "--")
OFFSET = re.compile(r"zero_point|offset")
# of which the numbers are part of a type, a name or assembly
WHOLE = ("enum", "static", "typedef", "__asm__", "_Static_assert", "sizeof", "case", "goto")
KEYWORDS = (*WHOLE, "if", "else", "for", "while", "do", "switch", "return", "default", "struct")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Edit:
    """A change: what it does to which line, and the pieces of text that go into the source, each
    with where it goes and how many characters it takes the place of. {is} and {sign} stand for the
    calls."""

    line: int
    what: str
    pieces: tuple[tuple[int, int, str], ...]


def tokens(text: str) -> list[Token]:
    found, line, at = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.lastgroup != "skip":
            found.append(Token(str(match.lastgroup), match.group(), at, line))
    return found


def find(text: str, lines: Collection[int]) -> list[Edit]:
    """The changes of the functions' bodies in these lines, in the order of the text."""
    every = tokens(text)
    partner = _partners(every)
    found: list[Edit] = []
    for begin, end in _bodies(every, partner):
        body = _Body(every, partner, begin, end)
        found += (edit for edit in body.edits() if edit.line in lines)
    return sorted(found, key=lambda edit: (edit.pieces[0][0], edit.what))


def _partners(every: Sequence[Token]) -> dict[int, int]:
    """Numbers of brackets, each with its partner's."""
    waiting: list[int] = []
    found: dict[int, int] = {}
    for number, token in enumerate(every):
        if token.kind == "sign" and token.text in OPEN:
            waiting.append(number)
        elif token.kind == "sign" and token.text in CLOSE and waiting:
            opening = waiting.pop()
            found[opening], found[number] = number, opening
    return found


def _bodies(every: Sequence[Token], partner: dict[int, int]) -> Iterator[tuple[int, int]]:
    """(first, end) of the tokens within the braces of each function."""
    number = 0
    while number < len(every):
        if every[number].text == "{" and number in partner:
            if every[number - 1].text == ")":
                yield number + 1, partner[number]
            number = partner[number]
        number += 1


class _Body:
    """The body of a function: tokens `begin` to `end`."""

    def __init__(
        self, every: Sequence[Token], partner: dict[int, int], begin: int, end: int
    ) -> None:
        self.every, self.partner, self.begin, self.end = every, partner, begin, end
        self.inside: set[int] = set()  # round brackets: a `;` there is one of a `for`
        for number in range(begin, end):
            if every[number].text == "(":
                self.inside.update(range(number + 1, partner[number]))

    def edits(self) -> Iterator[Edit]:
        number, start = self.begin, True  # `start`: a statement starts here
        while number < self.end:
            token = self.every[number]
            if token.text in WHOLE and token.kind == "word":
                number = self._end_of_whole(number)
                start = True
                continue
            if start:
                yield from self._statement(number)
            if token.text == "if":
                yield from self._condition(number)
            yield from self._expression(number)
            start = token.text in (";", "}") or (
                token.text == "{"
                and self.every[number - 1].text in (")", "else", "do", "{", "}", ";")
            )
            start &= number not in self.inside
            number += 1

    def _end_of_whole(self, number: int) -> int:
        """Returns where a statement, a label or a pair of brackets that stays as it is ends."""
        if self.every[number].text == "sizeof":
            return max(number + 1, self.partner.get(number + 1, 0)) + 1
        last = ":" if self.every[number].text == "case" else ";"
        while number < self.end and self.every[number].text != last:
            number = max(number, self.partner.get(number, 0)) + 1
        return number + 1

    def _statement(self, number: int) -> Iterator[Edit]:
        """Leaves an assignment or a call out."""
        first, following = self.every[number], self.every[number + 1]
        at = number
        if first.text == "*":
            at, following = number + 1, self.every[number + 2]
        token = self.every[at]
        jumps = token.text in ("continue", "break")
        if token.kind != "word" or (token.text in KEYWORDS and not jumps):
            return
        if jumps or following.text in (*ASSIGNS, "(", "[", "->", "."):
            yield Edit(first.line, "left out", ((first.start, 0, "if (!{is}) "),))

    def _condition(self, number: int) -> Iterator[Edit]:
        """Makes an `if` never or always true."""
        opening = self.every[number + 1]
        closing = self.every[self.partner[number + 1]]
        for what, text in (("never", "!{is} && ("), ("always", "{is} || (")):
            pieces = ((opening.end, 0, text), (closing.start, 0, ")"))
            yield Edit(opening.line, f"if {what}", pieces)

    def _expression(self, number: int) -> Iterator[Edit]:
        token, before = self.every[number], self.every[number - 1]
        here, size = token.start, len(token.text)
        after_value = before.kind in ("word", "number") and before.text not in KEYWORDS
        after_value |= before.text in (")", "]")
        if token.kind == "number":
            if not self._is_constant(number):
                yield Edit(
                    token.line, f"{token.text} + 1", ((here, size, f"({token.text} + {{is}})"),)
                )
                yield Edit(
                    token.line, f"{token.text} - 1", ((here, size, f"({token.text} - {{is}})"),)
                )
        elif token.text in COMPARED and after_value:
            what = f"{token.text} becomes {BECOMES[token.text]}"
            yield Edit(token.line, what, ((here, size, COMPARED[token.text]),))
        elif token.text in SIGNED and after_value:
            what = f"{token.text} becomes {SIGNED[token.text]}"
            if token.text in ("+=", "-="):
                end = self._end_of_operand(number, assigned=True)
                yield Edit(token.line, what, ((token.end, 0, " {sign} * ("), (end, 0, ")")))
            else:
                yield Edit(token.line, what, ((token.end, 0, " {sign} *"),))
        elif token.text == "?":
            yield Edit(token.line, "? never", ((here, 0, "&& !{is} "),))
            yield Edit(token.line, "? always", ((here, 0, "|| {is} "),))
        elif token.text in ("&&", "||"):
            end = self._end_of_operand(number)
            opening = "(!{is} && (" if token.text == "||" else "({is} || ("
            pieces = ((token.end, 0, f" {opening}"), (end, 0, "))"))
            yield Edit(token.line, f"what follows {token.text} dropped", pieces)
        elif token.kind == "word" and before.text == "->" and OFFSET.search(token.text):
            owner = self.every[number - 2]
            assigned = self.every[number + 1].text in ASSIGNS
            if (
                owner.kind == "word"
                and not assigned
                and self.every[number - 3].text not in (".", "->", "&")
            ):
                yield Edit(token.line, f"{token.text} is 0", ((owner.start, 0, "!{is} * "),))

    def _is_constant(self, number: int) -> bool:
        """A number of a name such as UINT32_C(1), or of an array's size."""
        before, named = self.every[number - 1], self.every[number - 2]
        if before.text == "(" and re.fullmatch(r"U?INT\d+_C", named.text):
            return True
        declared = self.every[number - 3]
        return (
            before.text == "["
            and (declared.kind == "word" or declared.text == "*")
            and (named.kind == "word" and declared.text not in ("return", *KEYWORDS))
        )

    def _end_of_operand(self, number: int, assigned: bool = False) -> int:
        """Returns where the operand to the right of && or || ends, or an assigned value."""
        number += 1
        stops = (";", ",", *CLOSE) if assigned else ("&&", "||", "?", ":", ";", ",", *CLOSE)
        while self.every[number].text not in stops:
            number = max(number, self.partner.get(number, 0)) + 1
        return self.every[number - 1].end


def _place(piece: tuple[int, int, int, str]) -> tuple[int, bool, bool, int]:
    """Returns where a piece of text goes, as something to sort by."""
    at, _, size, made = piece
    return (at, not made.startswith(")"), made.startswith("||"), -size)


def applied(text: str, numbered: Iterable[tuple[Edit, int]]) -> str:
    """The text with all these changes, each of which is made when its number is asked for."""
    pieces: list[tuple[int, int, int, str]] = []
    whole: dict[int, tuple[int, str]] = {}  # numbers with several changes
    for edit, number in numbered:
        call = {"is": f"BL_IS({number})", "sign": f"BL_SIGN({number})"}
        for order, (at, size, added) in enumerate(edit.pieces):
            made = added.replace("{is}", call["is"]).replace("{sign}", call["sign"])
            if size and made.startswith("(") and at in whole:
                old = whole[at][1]
                whole[at] = (size, f"({old} {made[1:-1].split(' ', 1)[1]})")
            elif size and made.startswith("("):
                whole[at] = (size, made)
            else:
                pieces.append((at, order, size, made))
    pieces += [(at, 0, size, made) for at, (size, made) in whole.items()]
    parts, end = [], 0
    # pieces that close stand before those that open at the same place, and && before ||
    for at, _, size, made in sorted(pieces, key=_place):
        parts += [text[end:at], made]
        end = at + size
    return "".join([*parts, text[end:]])


def made(text: str, edit: Edit) -> str:
    """The text with this change, as one would write it."""
    changed = applied(text, [(edit, 1)])
    return changed.replace("BL_IS(1)", "1").replace("BL_SIGN(1)", "-1")
