"""The OpenAPI document: the routes as they document themselves, and the shapes of their answers."""

from __future__ import annotations

import inspect
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import schemas
from api.documented import HEADER_DOCUMENTS
from api.examples import example_of

DESCRIPTION = (
    "Entertainment trade news about AI, layoffs and contracts, tagged by topic, craft and region, with the words that "
    "earned each tag. Read-only, without a key. The same filters hold for every format; what they do not know is a 400 "
    "that names the nearest valid word. Addresses and keys of /v1 stay; new ones may come. Every path takes GET, HEAD "
    "and OPTIONS; any other method is a 405 with Allow."
)
OTHER_METHODS = (
    "HEAD is answered with the status and the headers of GET, and no body. OPTIONS is answered 204 with Allow and, "
    "for pages elsewhere, Access-Control-Allow-Methods, Access-Control-Allow-Headers and Access-Control-Max-Age."
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
        document["components"] = {"schemas": _shapes(), "headers": HEADER_DOCUMENTS}
        for path, methods in document["paths"].items():
            for media_type, content in methods["get"]["responses"]["200"]["content"].items():
                content["example"] = example_of(path, media_type)  # here, since FastAPI drops what is null
            methods["description"] = OTHER_METHODS
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
