"""`python -m services.documents [serve | migrate] [--only api,consumers,relay,jobs]`."""

from collections.abc import Sequence

from chassis.starting import run, short_start


def _serve(parts: Sequence[str]) -> None:
    with short_start():
        from chassis.service import serve
        from services.documents.main import build
        from services.documents.settings import DocumentsSettings
    serve(DocumentsSettings, build, parts)


if __name__ == "__main__":
    run("documents", _serve)
