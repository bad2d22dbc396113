"""The OpenAPI document: the routes as they document themselves, and the shapes of their answers."""

from __future__ import annotations

import inspect
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import schemas

DESCRIPTION = (
    "Entertainment trade news about AI, layoffs and contracts, tagged by topic, craft and region, with the words that "
    "earned each tag. Read-only, without a key. The same filters hold for every format; what they do not know is a 400 "
    "that names the nearest valid word. Addresses and keys of /v1 stay; new ones may come."
)


def openapi_document(app: FastAPI, public_url: str) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": public_url}],
        )
        document["components"] = {"schemas": _shapes()}
        app.openapi_schema = document
    return app.openapi_schema


def _shapes() -> dict[str, Any]:
    models = [
        shape
        for _, shape in inspect.getmembers(schemas, inspect.isclass)
        if issubclass(shape, BaseModel) and shape.__module__ == schemas.__name__
    ]
    _, document = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    shapes: dict[str, Any] = document["$defs"]
    return shapes
