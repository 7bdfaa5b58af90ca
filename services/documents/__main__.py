"""`python -m services.documents [migrate] [--only api,consumers,relay,jobs]`."""

import chassis.starting  # noqa: F401  (first: it makes the start short)
from chassis.service import main
from services.documents.main import build
from services.documents.settings import DocumentsSettings

if __name__ == "__main__":
    main("documents", DocumentsSettings, build)
