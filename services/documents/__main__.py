"""`python -m services.documents [migrate] [--only api,consumers,relay,jobs]`."""

from chassis.starting import short_start

with short_start():
    from chassis.service import main
    from services.documents.main import build
    from services.documents.settings import DocumentsSettings

if __name__ == "__main__":
    main("documents", DocumentsSettings, build)
