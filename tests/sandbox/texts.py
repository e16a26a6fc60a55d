"""A text in which everything is that a transport can break."""

_HARD = (
    '=HYPERLINK("https://example.com","x"),\r\n"quoted", \'single\'; semi|pipe^caret`tick\ttab\r\n\r\n'
    '#N/A\n,#N/A,\nline feed alone, emoji 🎯👩‍💻, äöü, 日本語, \\n \\" 50 % of {braces} <b>&amp;</b> \x1f\n'
)


def hard_text(length: int = 32_000) -> str:
    """Of `length` UTF-16 units, as the vendor counts; begins with "=", ends with neither white space nor half an
    emoji."""
    text = ""
    while units(text + _HARD) < length:
        text += _HARD
    return text + "." * (length - units(text))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
