"""The web application: routes, error answers, static files and health, over one opened runtime."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from api import accounts, documents, errors, gaps, home, indicators, searching, upload
from api.deps import RuntimeDep
from api.security import SecurityHeaders
from api.throttle import Throttle
from ingest.runtime import Runtime


def create_app(runtime: Runtime) -> FastAPI:
    # The interactive documentation pages load scripts from elsewhere; the schema itself is enough.
    app = FastAPI(title="Bukti", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.runtime = runtime
    app.state.throttle = Throttle()
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    for room in (home, upload, documents, searching, indicators, gaps, accounts):
        app.include_router(room.router)
    app.add_api_route("/healthz", health, methods=["GET"], include_in_schema=False)
    static = Path(str(resources.files("api") / "static"))
    app.mount("/static", StaticFiles(directory=static), name="static")
    return app


def health(request: Request, runtime: RuntimeDep) -> JSONResponse:
    """Every tool answers its ping, or the answer names those that do not."""
    state = {}
    for name, tool in (("database", runtime.db), ("files", runtime.files), ("index", runtime.index)):
        try:
            tool.ping()
            state[name] = "ok"
        except Exception as error:  # noqa: BLE001  # whatever a tool raises, it is not healthy
            state[name] = type(error).__name__
    return JSONResponse(state, 200 if set(state.values()) == {"ok"} else 503)
