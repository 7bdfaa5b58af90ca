"""The bare pipeline of the full order: reserve, pick, pack, ship, cost of goods, invoice, tax, receivable, papers on file,
payment, allocation; the same rows as the real system must have, and nothing besides.

As `bench.floor`, whose processes these are with more to do: inventory's clerk takes up to a hundred reserved orders
through three transactions (there are no calls over HTTP for it); the ledger invoices what has left, books its cost and
what is paid; documents has four papers of each order; the gateway's payer pays what is invoiced, in batches.

usage: python -m bench.floor_full ORDERS; environment as for `bench.floor`.
"""

# A yardstick as terse as `floor.py`.
# ruff: noqa
# mypy: ignore-errors
import asyncio, os, uuid
from collections import deque

import asyncpg, orjson

from bench import floor
from bench.floor import NOW, NS, OUT, T, dsn
from bench.floor_tables import FULL_DDL

TOGETHER = 100


class Beside:
    """What a process does on a connection of its own for what it has committed."""

    def __init__(s, role):
        super().__init__(role)
        s.fresh, s.todo, s.more = [], deque(), asyncio.Event()

    def committed(s):
        s.todo.extend(s.fresh)
        s.fresh = []
        s.more.set()

    def beside(s):
        return [s.work()]

    async def some(s, most):
        while not s.todo:
            s.more.clear()
            await s.more.wait()
        return [s.todo.popleft() for _ in range(min(most, len(s.todo)))]


class Inventory(Beside, floor.Inventory):
    async def handle(s, es):
        outs = []
        for i, k, key, d in es:
            outs.append(s.row(T["reservations"], key, "StockReserved.v1", i, {"order": key, "lines": d["lines"]}))
            s.fresh.append((key, d))
        await s.reserve(es, "reserved=reserved+q")
        await s.out(outs)

    async def work(s):
        db = await asyncpg.connect(dsn("inventory"))
        while True:
            es = await s.some(TOGETHER)
            ids, ships = [uuid.UUID(k) for k, d in es], [uuid.uuid5(NS, f"{k}ship") for k, d in es]
            ls = [(x, n, l["product"], l["qty"]) for x, (k, d) in zip(ships, es) for n, l in enumerate(d["lines"])]
            async with db.transaction():
                await db.execute("update reservation set state='picked' where id=any($1::uuid[])", ids)
                await db.execute(
                    "insert into shipment(id,reservation,state) select a,b,'picked' from unnest($1::uuid[],$2::uuid[]) x(a,b)",
                    ships,
                    ids,
                )
                await db.execute(
                    "insert into shipment_line select * from unnest($1::uuid[],$2::int[],$3::int[],$4::int[])",
                    *map(list, zip(*ls)),
                )
            async with db.transaction():
                await db.execute("update shipment set state='packed',packages=1 where id=any($1::uuid[])", ships)
            async with db.transaction():
                await s.leave(db, es, ids, ships)
            s.wake.set()

    async def leave(s, db, es, ids, ships):
        need = {}
        for k, d in es:
            for l in d["lines"]:
                need[l["product"]] = need.get(l["product"], 0) + l["qty"]
        p = sorted(need)
        have = {
            r[0]: (r[1], r[2])
            for r in await db.fetch(
                "select product,on_hand,value from stock where product=any($1::int[]) order by product for update", p
            )
        }
        n = await db.fetchval("update counter set n=n+$1 returning n-$1", len(es))
        moves, outs, gone = [], [], dict.fromkeys(p, 0)
        for j, (x, (k, d)) in enumerate(zip(ships, es), 1):
            costs = []
            for m, l in enumerate(d["lines"]):
                on_hand, value = have[l["product"]]
                c = value * l["qty"] // on_hand
                gone[l["product"]] += c
                costs.append(c)
                moves.append((uuid.uuid5(NS, f"{x}{m}"), l["product"], -l["qty"], uuid.UUID(k), c))
            told = {"order": k, "shipment": str(x), "number": n + j, **d}
            outs.append(s.row(T["shipments"], x, "ShipmentDispatched.v1", x, told))
            outs.append(
                s.row(
                    T["shipments"],
                    x,
                    "StockIssued.v1",
                    x,
                    {"order": k, "shipment": str(x), "cost": sum(costs), "costs": costs},
                )
            )
        await db.execute(
            "update stock s set on_hand=on_hand-q,reserved=reserved-q,value=value-c from unnest($1::int[],$2::int[],$3::bigint[]) x(p,q,c) where s.product=x.p",
            p,
            [need[x] for x in p],
            [gone[x] for x in p],
        )
        await db.execute(
            "insert into move(id,product,qty,reservation,cost) select * from unnest($1::uuid[],$2::int[],$3::int[],$4::uuid[],$5::bigint[])",
            *map(list, zip(*moves)),
        )
        await db.execute(
            "update shipment s set state='shipped',number=x.n from unnest($1::uuid[],$2::bigint[]) x(id,n) where s.id=x.id",
            ships,
            [n + j for j in range(1, len(es) + 1)],
        )
        await db.execute("update reservation set state='shipped' where id=any($1::uuid[])", ids)
        await db.execute(OUT, *map(list, zip(*outs)))


class Ledger(floor.Ledger):
    async def handle(s, es):
        kinds = {}
        for e in es:
            kinds.setdefault(e[1], []).append(e)
        en, po, outs = [], [], []

        def post(i, journal, ref, order, lines):
            eid = uuid.uuid5(NS, f"{i}{journal}")
            en.append((eid, journal, uuid.UUID(str(ref))))
            po.extend((eid, m, acc, a) for m, (acc, a) in enumerate(lines))
            told = {"order": order, "document": str(ref), "lines": lines}
            outs.append(s.row(T["entries"], eid, "EntryPosted.v1", i, told))

        if left := kinds.get("ShipmentDispatched.v1"):
            await s.invoice(left, post, outs)
        for i, k, key, d in kinds.get("StockIssued.v1", ()):
            post(i, "STK", d["shipment"], d["order"], [(5000, d["cost"]), (1500, -d["cost"])])
        if paid := kinds.get("PaymentReceived.v1"):
            await s.take(paid, post, outs)
        if not en:
            return
        await s.book(en, po)
        await s.out(outs)

    async def invoice(s, es, post, outs):
        n = await s.db.fetchval("update counter set n=n+$1 returning n-$1", len(es))
        inv, il = [], []
        for j, (i, k, key, d) in enumerate(es, 1):
            iid = uuid.uuid5(NS, f"{i}inv")
            nets = [l["qty"] * l["price"] for l in d["lines"]]
            tax = sum(nets) // 10
            total = sum(nets) + tax
            il += [(iid, m, "line", l["product"], l["qty"], a) for m, (l, a) in enumerate(zip(d["lines"], nets))]
            il.append((iid, 9, "tax", None, None, tax))
            inv.append((iid, n + j, total, tax))
            post(i, "SAL", iid, d["order"], [(1100, total), *((4000, -a) for a in nets), (2200, -tax)])
            told = {"order": d["order"], "number": n + j, "total": total, "tax": tax, "lines": d["lines"]}
            outs.append(s.row(T["invoices"], iid, "InvoiceIssued.v1", i, told | {"customer": d["customer"]}))
        await s.db.execute(
            "insert into invoice(id,number,total,tax,open) select a,b,c,d,c from unnest($1::uuid[],$2::bigint[],$3::bigint[],$4::bigint[]) x(a,b,c,d)",
            *map(list, zip(*inv)),
        )
        await s.db.execute(
            "insert into invoice_line select * from unnest($1::uuid[],$2::int[],$3::text[],$4::int[],$5::int[],$6::bigint[])",
            *map(list, zip(*il)),
        )

    async def take(s, es, post, outs):
        rows = await s.db.fetch(
            "select id,number,open from invoice where number=any($1::bigint[]) order by id for update",
            [e[3]["invoice_number"] for e in es],
        )
        by = {r[1]: (r[0], r[2]) for r in rows}
        pay, al = [], []
        for i, k, key, d in es:
            iid, left = by[d["invoice_number"]]
            assert left == d["amount"]
            pay.append((uuid.UUID(key), d["amount"]))
            al.append((uuid.UUID(key), iid, d["amount"]))
            post(i, "CSH", key, d["order"], [(1000, d["amount"]), (1100, -d["amount"])])
            told = {"order": d["order"], "payment": key, "invoice": str(iid), "amount": d["amount"]}
            outs.append(s.row(T["paid"], key, "PaymentAllocated.v1", i, told))
            outs.append(s.row(T["invoices"], iid, "InvoicePaid.v1", i, told))
        await s.db.execute(
            "insert into payment(id,amount,unapplied) select a,b,0 from unnest($1::uuid[],$2::bigint[]) x(a,b)",
            *map(list, zip(*pay)),
        )
        await s.db.execute(
            "insert into allocation select * from unnest($1::uuid[],$2::uuid[],$3::bigint[])", *map(list, zip(*al))
        )
        await s.db.execute(
            "update invoice i set open=open-a from unnest($1::uuid[],$2::bigint[]) x(id,a) where i.id=x.id",
            [a[1] for a in al],
            [a[2] for a in al],
        )


PAPERS = {
    "InvoiceIssued.v1": (("invoice", "DocumentRegistered.v1"),),
    "ShipmentDispatched.v1": tuple((c, "DocumentRegistered.v2") for c in ("delivery_note", "packing_list", "label")),
}


class Documents(floor.Documents):
    async def handle(s, es):
        made, outs = [], []
        for i, k, key, d in es:
            facts = orjson.dumps(d)
            for c, kind in PAPERS.get(k, ()):
                made.append((uuid.uuid5(NS, f"{i}{c}"), uuid.UUID(key), c, facts))
                told = {"order": d["order"], "about": key, "class": c}
                outs.append(s.row(T["documents"], made[-1][0], kind, f"{i}{c}", told))
        if made:
            await s.db.execute(
                "insert into document(id,ref,class,facts) select * from unnest($1::uuid[],$2::uuid[],$3::text[],$4::bytea[])",
                *map(list, zip(*made)),
            )
        await s.out(outs)


class Gateway(Beside, floor.Gateway):
    async def handle(s, es):
        await super().handle(es)
        s.fresh += [d for i, k, key, d in es if k == "InvoiceIssued.v1"]

    async def work(s):
        db = await asyncpg.connect(dsn("gateway"))
        while True:
            reqs, outs = [], []
            for d in await s.some(int(os.environ.get("BATCH", "50"))):
                i = uuid.uuid4()
                told = {
                    "order": d["order"],
                    "invoice_number": d["number"],
                    "amount": d["total"],
                    "payer": {"name": "X"},
                }
                reqs.append((i, 1, orjson.dumps(told)))
                outs.append(s.row(T["payments"], i, "PaymentReceived.v1", i, told | {"received_on": NOW().isoformat()}))
            async with db.transaction():
                await db.execute(
                    "insert into request(id,company,body) select * from unnest($1::uuid[],$2::int[],$3::bytea[])",
                    *map(list, zip(*reqs)),
                )
                await db.execute(OUT, *map(list, zip(*outs)))
            s.wake.set()


KINDS = {"inventory": Inventory, "ledger": Ledger, "documents": Documents, "gateway": Gateway}
READS = {
    "inventory": ["orders"],
    "ledger": ["shipments", "payments"],
    "documents": ["shipments", "invoices"],
    "gateway": ["reservations", "shipments", "invoices", "documents", "paid"],
}
THROUGH = ("StockIssued.v1", "DocumentRegistered.v1", "InvoicePaid.v1", "PaymentAllocated.v1")

if __name__ == "__main__":
    floor.run(KINDS, READS, module="bench.floor_full", ddl=FULL_DDL, through=THROUGH)
