"""JSON Feed 1.1 (jsonfeed.org/version/1.1) as JSON Schema: every rule of the specification that a schema can hold."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

_STRING = {"type": "string"}
_URL = {"type": "string", "pattern": '^[a-z][a-z0-9+.-]*:[^\\s<>"]+$'}
_MOMENT = {"type": "string", "format": "date-time"}
_LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"}
# Custom objects begin with _ and a letter and hold no full stop; whatever else is not of the specification is an error.
_EXTENSIONS = {"^_[A-Za-z][^.]*$": {"type": "object", "propertyNames": {"pattern": "^[^_.][^.]*$"}}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": _EXTENSIONS,
        "additionalProperties": False,
    }


_AUTHORS = {
    "type": "array",
    "items": {**_object([], name={**_STRING, "minLength": 1}, url=_URL, avatar=_URL), "minProperties": 1},
}
_ATTACHMENT = _object(
    ["url", "mime_type"],
    url=_URL,
    mime_type=_STRING,
    title=_STRING,
    size_in_bytes={"type": "number"},
    duration_in_seconds={"type": "number"},
)
_ITEM = {
    **_object(
        ["id"],
        id={**_STRING, "minLength": 1},
        url=_URL,
        external_url=_URL,
        title=_STRING,
        content_html=_STRING,
        content_text=_STRING,
        summary=_STRING,
        image=_URL,
        banner_image=_URL,
        date_published=_MOMENT,
        date_modified=_MOMENT,
        authors=_AUTHORS,
        tags={"type": "array", "items": _STRING},
        language=_LANGUAGE,
        attachments={"type": "array", "items": _ATTACHMENT},
    ),
    "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
}
SCHEMA = _object(
    # The two addresses "should be considered required" of what is on the web.
    ["version", "title", "home_page_url", "feed_url", "items"],
    version={"const": "https://jsonfeed.org/version/1.1"},
    title=_STRING,
    home_page_url=_URL,
    feed_url=_URL,
    description=_STRING,
    user_comment=_STRING,
    next_url=_URL,
    icon=_URL,
    favicon=_URL,
    authors=_AUTHORS,
    language=_LANGUAGE,
    expired={"type": "boolean"},
    hubs={"type": "array", "items": _object(["type", "url"], type=_STRING, url=_URL)},
    items={"type": "array", "items": _ITEM},
)
_VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def faults_of(feed: dict[str, Any]) -> list[str]:
    """What is wrong with a JSON Feed, in words; what no schema can say is looked at as well."""
    faults = [f"{error.instance_path}: {error.message[:200]}" for error in _VALIDATOR.iter_errors(feed)]
    ids = [item.get("id") for item in feed.get("items", [])]
    if len(set(ids)) < len(ids):
        faults.append("two items have one id")
    if feed.get("next_url") and feed["next_url"] == feed.get("feed_url"):
        faults.append("next_url is feed_url")
    return faults
