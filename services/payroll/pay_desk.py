"""What pays in one process: the vault, the rules, and the handlers that hold them. Built once, by `main`."""

from __future__ import annotations

from pathlib import Path

from services.payroll.handlers.agreeing import Agreeing
from services.payroll.handlers.erasing import Erasing
from services.payroll.handlers.figures import Figures
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.handlers.pay_runs import Running
from services.payroll.handlers.paying import Paying
from services.payroll.store.packs import Packs
from services.payroll.store.vault import Vault


class PayDesk:
    """The handlers of pay, on one vault."""

    def __init__(self, vault: Vault) -> None:
        packs = Packs()
        self.vault = vault
        self.packs = packs
        self.agreeing = Agreeing(vault, packs)
        self.figures = Figures(packs)
        self.running = Running(vault, packs)
        self.paying = Paying(vault, packs)
        self.erasing = Erasing(vault, self.paying)
        self.leave = LeaveLedger(vault)

    @classmethod
    def of(cls, key_file: Path | None) -> PayDesk | None:
        """The desk of this master key; None without one. Raises OSError or ValueError for a key that is none."""
        return None if key_file is None else cls(Vault.from_file(key_file))

    def conceal(self, asked: bytes) -> bytes:
        """What is kept of a request whose input is secret: nobody can try amounts out on it."""
        return self.vault.fingerprint("", "request", asked)
