"""The mutants: in one file one text, that stands there once, becomes another. Each breaks a promise of the house."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """`name` says what the system does wrong then."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "a batch that fails for a moment is passed over", "chassis/corridor.py",
        '                self.metrics.retried("corridor")\n', "                return\n",
    ),
    Mutant(
        "repeats are applied again", "chassis/corridor.py",
        "    if former.sequence >= first:\n", "    if former.sequence >= first + 10**9:\n",
    ),
    Mutant(
        "what cannot be applied is dropped instead of held", "chassis/corridor.py",
        "        if batch.holds:\n            now_held", "        if False:\n            now_held",
    ),
    Mutant(
        "sequences skip a number", "chassis/outbox.py",
        "do update set last = q.last + excluded.last\n", "do update set last = q.last + excluded.last + 1\n",
    ),
    Mutant(
        "some events never reach the queue", "chassis/outbox.py",
        "insert into outbox_unsent select id from l\n",
        "insert into outbox_unsent select id from l where id % 40 <> 0\n",
    ),
    Mutant(
        "the relay follows a cursor", "chassis/relay.py",
        "delete from outbox_unsent where id = any($1::bigint[])",
        "delete from outbox_unsent where id <= (select max(x) + 3 from unnest($1::bigint[]) as t(x))",
    ),
    Mutant(
        "the relay sends the newest first", "chassis/relay.py",
        "from outbox_unsent order by id limit $1", "from outbox_unsent order by id desc limit $1",
    ),
    Mutant(
        "the relay spreads a key over partitions", "chassis/relay.py",
        'partition_of(row["key"], topic)', 'partition_of(str(row["id"]), topic)',
    ),
    Mutant(
        "a repeated key is not looked up", "chassis/requests.py",
        "            if stored is not None:\n                results.append",
        "            if False:\n                results.append",
    ),
    Mutant(
        "one key answers for every content", "chassis/requests.py",
        "if stored == item.identity.hash else _reused()", "if stored else _reused()",
    ),
    Mutant(
        "reservations overwrite each other", "services/inventory/store/stock.py",
        "reserved = s.reserved + x.reserved\n", "reserved = x.reserved\n",
    ),
    Mutant(
        "what is released stays reserved", "services/inventory/domain/book.py",
        "self._changes[key] = self._changes.get(key, 0) - quantity", "self._changes[key] = self._changes.get(key, 0)",
    ),
    Mutant(
        "stock is promised that is not there", "services/inventory/domain/book.py",
        "            if free.get(key, -1) < quantity:\n", "            if free.get(key, -1) < 0:\n",
    ),
    Mutant(
        "a credit posts the sale once more", "services/ledger/domain/posting.py",
        "debit=line.credit, credit=line.debit,",
        "debit=line.debit, credit=line.credit,",
    ),
    Mutant(
        "invoice numbers have gaps", "services/ledger/store/documents.py",
        "do update set last = n.last + excluded.last\n", "do update set last = n.last + excluded.last + 1\n",
    ),
    Mutant(
        "an invoice is booked and not told", "services/ledger/handlers/billing.py",
        "        unit.emit(*translate.invoice_issued(invoice, one.parts, posted_by), cause)\n",
        "        assert invoice\n",
    ),
    Mutant(
        "halves are cut off", "contracts/money.py",
        "    return (numerator * 2 + denominator) // (2 * denominator)\n", "    return numerator // denominator\n",
    ),
    Mutant(
        "money pays more than is open", "services/ledger/domain/settlement.py",
        "    amount = min(money.unapplied, receivable.open)\n", "    amount = money.unapplied\n",
    ),
)  # fmt: skip
