"""/static/…: the style sheet, the script and the icon, kept by readers for good; /robots.txt and /favicon.ico."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import choose_encoding, compress
from api.pages.rendering import static_files
from api.problems import Problem

router = APIRouter(include_in_schema=False)
A_DAY = {"Cache-Control": "public, max-age=86400"}
# Pages may be read; filters can be combined without end (RFC 9309 §2.2.3: * stands for any characters).
ROBOTS = "User-agent: *\nDisallow: /*?\n"


@router.get("/robots.txt")
async def get_robots_txt(request: Request) -> Response:
    return Response(ROBOTS, headers=A_DAY, media_type="text/plain; charset=utf-8")


@router.get("/favicon.ico")
async def get_favicon(request: Request) -> Response:
    """The icon for browsers that ask without having read a page."""
    icon = static_files()["icon.svg"]
    return Response(icon.body, headers=A_DAY, media_type=icon.media_type)


@router.get("/static/{name}")
async def get_static(request: Request) -> Response:
    """A name with another hash is of another version of the program: the file as it is now, not to be kept."""
    asked = request.path_params["name"]
    stem, _, rest = asked.partition(".")
    suffix = rest.rpartition(".")[2]
    file = static_files().get(f"{stem}.{suffix}")
    if file is None:
        raise Problem("not-found")
    keep = "public, max-age=31536000, immutable" if asked == file.name else "no-store"
    headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"}
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    body = compress(file.body, encoding) if encoding else file.body
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, headers=headers, media_type=file.media_type)
