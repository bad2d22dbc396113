"""FastAPI's first example, served as ours is: what the frameworks alone cost. `python -m tests.bench.hello PORT`"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def say_hello() -> dict[str, str]:
    return {"message": "Hello World"}


if __name__ == "__main__":
    config = uvicorn.Config(app, port=int(sys.argv[1]), log_level="warning", server_header=False, access_log=False)
    uvicorn.Server(config).run()
