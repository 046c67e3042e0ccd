"""Researchers' Markdown as safe HTML: script, event handlers and odd links come out inert."""

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=512)
def safe_html(markdown: str) -> SafeString:
    """The HTML of `markdown`: only tags that can't act, and links of https, http and mailto."""
    return safe_fragment(_parser.render(markdown))


@lru_cache(maxsize=512)
def safe_fragment(html: str) -> SafeString:
    """A researcher's own HTML under the same policy as every study text."""
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
    )
    # What nh3 has just cleaned.
    return mark_safe(clean)  # nosec B308 B703
