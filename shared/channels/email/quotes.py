"""Finding what is new in a plain-text answer: the rest is the mail it answers, or a signature.

Heuristics over lines. When in doubt everything is kept: the whole text is kept beside it anyway.
"""

import re

_WROTE = re.compile(
    r"(?:On|Am|Le|El|Il|Em|Op|Den|W dniu|Dne|Dňa|Pe)\b.{0,300}?"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|skrev|napisał(?:\(a\))?|napsal"
    r"(?:\(a\))?|napísal(?:\(a\))?|a scris|kirjoitti)\b[^\n]{0,120}:",
    re.IGNORECASE,
)
_WROTE_LAST = re.compile(r".{0,300}(?:пишет|написал(?:\(?а\)?)?|写道|のメール|作成)\s?[:\uff1a]")  # noqa: RUF001 - Russian
_ORIGINAL = re.compile(
    r"-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d.origine|Mensaje original"
    r"|Messaggio originale|Mensagem original|Oorspronkelijk bericht|Oprindelig meddelelse)\s*-*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\*?(?:From|Von|De|Da|Van|Från|Fra|От|Od)\s?:\*?\s?\S.*", re.IGNORECASE)
_OTHER_HEADER = re.compile(
    r"\*?(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado(?: el)?|Para"
    r"|Asunto|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Отправлено|Кому|Тема)"
    r"\s?:\*?.*",
    re.IGNORECASE,
)
_RULE = re.compile(r"_{20,}|\*{20,}")
_LONGEST_LINE = 600


def new_text(text: str) -> str:
    """The text without the quoted original and the signature; the whole text if nothing remains."""
    lines = text.split("\n")
    cut = next((n for n in range(len(lines)) if _begins_original(lines, n)), len(lines))
    cut = min(cut, _trailing_quote(lines))
    fresh = "\n".join(_without_signature(lines[:cut])).strip()
    return fresh or text.strip()


def _begins_original(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > _LONGEST_LINE:
        return False
    if _ORIGINAL.fullmatch(line) or _is_header_block(lines, at):
        return True
    if _RULE.fullmatch(line):
        return _is_header_block(lines, at + 1)
    return _is_attribution(lines, at) and not _answers_follow(lines, at + 1)


def _is_attribution(lines: list[str], at: int) -> bool:
    """`On … wrote:`, which mail programs break into up to three lines."""
    if _WROTE_LAST.fullmatch(lines[at].strip()):
        return True
    for count in (1, 2, 3):
        broken = [line.strip() for line in lines[at : at + count]]
        joined = " ".join(broken)
        if "" in broken or len(joined) > _LONGEST_LINE:
            return False
        if _WROTE.fullmatch(joined):
            return True
    return False


def _is_header_block(lines: list[str], at: int) -> bool:
    """Outlook's `From: … Sent: … To: … Subject: …`."""
    if at >= len(lines) or not _FROM.fullmatch(lines[at].strip()[:_LONGEST_LINE]):
        return False
    below = [line.strip()[:_LONGEST_LINE] for line in lines[at + 1 : at + 6]]
    return sum(1 for line in below if _OTHER_HEADER.fullmatch(line)) >= 2


def _answers_follow(lines: list[str], at: int) -> bool:
    """After a quote somebody wrote again: the answers stand between the quoted lines."""
    quoted = [line.lstrip().startswith(">") for line in lines[at:]]
    if True not in quoted:
        return False
    after = lines[at + quoted.index(True) :]
    own = (line for line in _without_signature(after) if not line.lstrip().startswith(">"))
    return any(line.strip() for line in own)


def _trailing_quote(lines: list[str]) -> int:
    """Where the run of `>` lines at the end begins; the end if there is none."""
    at = len(lines)
    quoted = 0
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith(">")):
        at -= 1
        quoted += lines[at].lstrip().startswith(">")
    return at if quoted else len(lines)


def _without_signature(lines: list[str]) -> list[str]:
    """Up to the signature mark (RFC 3676, 4.3)."""
    marks = (n for n, line in enumerate(lines) if line in ("-- ", "--"))
    return lines[: next(marks, len(lines))]


def unflowed(text: str, *, delsp: bool) -> str:
    """`format=flowed` paragraphs joined again (RFC 3676): a space at the end means, it goes on."""
    out: list[str] = []
    going_on = False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if going_on and out and out[-1].startswith(">") == bool(depth):
            out[-1] += content
        else:
            out.append(f"{'>' * depth} {content}" if depth else content)
        going_on = content.endswith(" ") and content != "-- "
        if going_on and delsp:
            out[-1] = out[-1][:-1]
    return "\n".join(out)
