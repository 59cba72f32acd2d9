"""The default style of a page: put in a marked block at the right place, and taken out again without a trace.

The place is found as a browser's parser finds it: behind the first `<head ...>`, or where there is none behind
`<html ...>`, behind the doctype, or at the beginning; comments are no tags, `<header>` is no head, letters may be of
either case and attributes may hold `>`.

Finding the place looks at nothing behind it, and the block begins with a tag at which the search ends. So the search
finds the same place in a page with the block and without it, which is why `remove(insert(page)) == page` for every
text, also for one that holds such a block itself. Source: the tokenizer and tree construction of the HTML standard,
13.2.
"""

from __future__ import annotations

import re

# No address anywhere: nothing is fetched. `:where()` weighs nothing, so every rule of the page itself wins.
STYLE = (
    ':where(html){font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}'
    ":where(body){margin:12px}"
    ":where(pre,code,kbd,samp){font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}"
    ":where(pre){overflow:auto}"
    ":where(table){border-collapse:collapse}"
    ":where(th,td){padding:4px 8px;vertical-align:top}"
    ":where(img,svg,video,canvas){max-width:100%}"
)
# The text is stored as UTF-8 or behind a byte order mark, which a browser that opens the file alone cannot know.
BEGIN = '<meta charset="utf-8" data-medialog="style"><style data-medialog="style">'
END = "</style>"
BLOCK = BEGIN + STYLE + END

_SPACE = re.compile(r"[\t\n\f\r ]*")
_SPACE_OR_SLASH = re.compile(r"[\t\n\f\r /]*")
_COMMENT_END = re.compile(r"--!?>")
_ATTRIBUTE_NAME = re.compile(r"=?[^\t\n\f\r />=]*")
_EQUALS = re.compile(r"[\t\n\f\r ]*=[\t\n\f\r ]*")
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*")
_TAG = re.compile(r"<(html|head)(?=[\t\n\f\r />])", re.IGNORECASE | re.ASCII)


def insert(page: str) -> str:
    """Return the page with the block of the default style."""
    place = find_place(page)
    return f"{page[:place]}{BLOCK}{page[place:]}"


def remove(page: str) -> str:
    """Return the page that `insert` was given, also by another version of medialog with another style."""
    place = find_place(page)
    end = page.find(END, place)
    if end < 0 or not page.startswith(BEGIN, place):
        raise ValueError("the page holds no block of the default style where it belongs")
    return page[:place] + page[end + len(END) :]


def find_place(page: str) -> int:
    """Return the index at which the style belongs."""
    at = place = 1 if page.startswith("\ufeff") else 0
    while True:
        at = _end(_SPACE, page, at)
        if page.startswith("<!--", at):
            at = _comment_end(page, at)
            if at < 0:
                return place
        elif page.startswith(("<!", "<?"), at):  # a doctype, or what a browser takes for a comment
            at = page.find(">", at) + 1
            if not at:
                return place
            place = at
        else:
            tag = _TAG.match(page, at)
            end = -1 if tag is None else _tag_end(page, tag.end())
            if tag is None or end < 0:
                return place
            at = place = end
            if tag[1].lower() == "head":
                return place


def _end(pattern: re.Pattern[str], page: str, at: int) -> int:
    """Return where a match at `at` ends; the pattern matches also nothing."""
    match = pattern.match(page, at)
    return at if match is None else match.end()


def _comment_end(page: str, at: int) -> int:
    """Return where the comment that begins at `at` ends, or -1. `<!-->` and `<!--->` are whole comments."""
    for whole in ("<!-->", "<!--->"):
        if page.startswith(whole, at):
            return at + len(whole)
    match = _COMMENT_END.search(page, at + 4)
    return -1 if match is None else match.end()


def _tag_end(page: str, at: int) -> int:
    """Return where the tag whose name ends at `at` ends, or -1 when it does not end."""
    while True:
        at = _end(_SPACE_OR_SLASH, page, at)
        if at >= len(page):
            return -1
        if page[at] == ">":
            return at + 1
        at = _end(_ATTRIBUTE_NAME, page, at)
        equals = _EQUALS.match(page, at)
        if equals is None:
            continue
        at = equals.end()
        quote = page[at : at + 1]
        if quote in ("'", '"'):
            end = page.find(quote, at + 1)
            if end < 0:
                return -1
            at = end + 1
        else:
            at = _end(_UNQUOTED, page, at)
