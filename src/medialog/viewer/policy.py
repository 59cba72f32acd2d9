"""The policy that a report carries: what the page may do, as little as its contents allow.

A run from somebody else is data, never code. The report's own script is named by its hash; where pages that were
logged as html have scripts of their own, which run in sandboxed frames, inline scripts have to be allowed as well,
because a frame's `srcdoc` inherits the page's policy. Nothing may reach the network either way, and `frame-src 'none'`
keeps a frame from leaving by navigating itself.
"""

from __future__ import annotations

import base64
import hashlib
import re

_ACTIVE = re.compile(rb"<script|\bon[a-z]{2,30}\s*=|javascript:|<iframe|<object|<embed", re.IGNORECASE)
_FIXED = (
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "media-src data: blob:",
    "font-src data:",
    "connect-src data: blob:",
    "frame-src 'none'",
    "object-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
)


def has_scripts(page: bytes) -> bool:
    """Say whether a page may hold a script; UTF-16 is looked at without its zero bytes."""
    return _ACTIVE.search(page.replace(b"\0", b"")) is not None


def hash_source(script: bytes) -> str:
    """Return a script's hash as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def content_policy(script: bytes, *, html_scripts: bool, html_eval: bool = False) -> str:
    """Return the policy of a page whose own script is `script`."""
    if html_scripts:
        allowed = "'unsafe-inline' blob:" + (" 'unsafe-eval'" if html_eval else "")
    else:
        allowed = f"{hash_source(script)} blob:"
    first, *rest = _FIXED
    return "; ".join((first, f"script-src {allowed}", *rest))
