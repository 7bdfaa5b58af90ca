"""Where the local stack keeps its things. Importing has no effect; folders are made when a stack starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
STATE = CHECKOUT / ".run"
JAR_CACHE = STATE / "cache" / "kafka"
"""Downloaded jars, shared by all stacks of this checkout; the only state worth keeping between runs."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """One stack's folder: everything it writes is below `root` (but see `postgres_user` for root-only checkouts)."""

    root: Path = STATE

    @property
    def stack_file(self) -> Path:
        """Addresses, keys and connection strings; readable by the owner only."""
        return self.root / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Locked as long as the starter or its keeper lives."""
        return self.root / "lock"

    @property
    def internal_secret(self) -> Path:
        """The secret that signs internal tokens."""
        return self.root / "secrets" / "internal"

    @property
    def vault_key(self) -> Path:
        """The master key of payroll: without it no sealed value can be opened again."""
        return self.root / "secrets" / "payroll-vault"

    @property
    def seal_key(self) -> Path:
        """The key under which documents seals papers about persons."""
        return self.root / "secrets" / "seal-key"

    @property
    def documents(self) -> Path:
        """Where the documents department keeps its files."""
        return self.root / "documents"

    def key_files(self) -> dict[str, str]:
        """Where the departments find their keys, as they are told by the environment."""
        return {"PAYROLL_VAULT_KEY_FILE": str(self.vault_key), "DOCUMENTS_SEAL_KEY_FILE": str(self.seal_key)}

    def environment(self) -> dict[str, str]:
        """Where the departments find what they keep here."""
        places = {"BACKBONE_INTERNAL_SECRET_FILE": self.internal_secret, "DOCUMENTS_STORE_DIR": self.documents}
        return {name: str(path) for name, path in places.items()} | self.key_files()

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.root / "logs" / f"{name}.log"

    def kafka(self, node: int) -> Path:
        """The folder of one broker."""
        return self.root / "kafka" / str(node)

    def make(self) -> None:
        """Make the folders. Others may walk through, not list: under root PostgreSQL runs as another user."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        for private in ("logs", "secrets", "kafka"):
            (self.root / private).mkdir(mode=0o700, exist_ok=True)
