"""The bare pipeline: the least that order-to-cash by events can cost in Python over real Kafka and PostgreSQL.

Roles, one process each: gateway (request + outbox rows, batches of BATCH; no HTTP), inventory (inbox, lock stock,
reservation + lines, moves, outbox), ledger (inbox, gapless number range, invoice + lines, entry + postings, balances,
outbox), documents (inbox, document row, outbox), and the gateway's consumer that folds all events into timelines. No
framework, no validation, no audit, no isolation. Every process: getmany, one transaction of a constant number of
statements, commit offsets; a relay that reads the queue of unsent ids, sends, deletes.

usage: python -m bench.floor ORDERS; environment: KAFKA, and FLOOR_DSN_<ROLE> per role (a superuser's connection string).
"""

# A yardstick, not a model: it is kept as terse as it was tuned, so no rule of the house is asked of it.
# ruff: noqa
# mypy: ignore-errors
import asyncio, json, os, sys, tempfile, time, uuid, random, resource
from datetime import datetime, timezone
import asyncpg, orjson, uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.floor_tables import DDL

K = os.environ.get("KAFKA", "127.0.0.1:9092")
N = int(sys.argv[1])
MAX = int(os.environ.get("MAXB", "500"))
PARTS = 4
RUN = os.environ.get("RUN", str(int(time.time())))
FLAG = lambda n: os.path.join(tempfile.gettempdir(), f"floor-{RUN}.{n}")
TOPICS = "orders reservations shipments invoices entries documents payments paid".split()
T = {r: f"{r}-{RUN}" for r in TOPICS}
NOW = lambda: datetime.now(timezone.utc)
admin_dsn = lambda r: os.environ[f"FLOOR_DSN_{r.upper()}"]
dsn = lambda r: admin_dsn(r).rpartition("/")[0] + f"/floor_{r}"
NS = uuid.UUID(int=7)
OUT = "with l as (insert into outbox(topic,key,headers,body) select * from unnest($1::text[],$2::bytea[],$3::bytea[],$4::bytea[]) returning id) insert into unsent select id from l"


async def setup(DDL):
    for r in DDL:
        c = await asyncpg.connect(admin_dsn(r))
        await c.execute(f"drop database if exists floor_{r} with (force)")
        await c.execute(f"create database floor_{r}")
        await c.close()
        d = await asyncpg.connect(dsn(r))
        await d.execute(DDL[r])
        await d.close()
    a = AIOKafkaAdminClient(bootstrap_servers=K)
    await a.start()
    await a.create_topics([NewTopic(t, PARTS, 1) for t in T.values()])
    await a.close()


class Proc:
    def __init__(s, role):
        s.role, s.wake = role, asyncio.Event()

    async def start(s):
        s.db = await asyncpg.connect(dsn(s.role))
        s.rdb = await asyncpg.connect(
            dsn(s.role), server_settings={"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
        )
        s.p = AIOKafkaProducer(bootstrap_servers=K, enable_idempotence=True, linger_ms=0, max_batch_size=131072)
        await s.p.start()

    async def out(s, rows):
        if rows:
            await s.db.execute(OUT, *map(list, zip(*rows)))

    async def relay(s):
        while True:
            s.wake.clear()
            rows = await s.rdb.fetch(
                "select o.* from (select id from unsent order by id limit 1000) u cross join lateral (select o.id,topic,key,headers,body from outbox o where o.id=u.id offset 0) o order by u.id"
            )
            if not rows:
                try:
                    await asyncio.wait_for(s.wake.wait(), 0.5)
                except TimeoutError:
                    pass
                continue
            fs = [
                await s.p.send(r[1], r[4], key=r[2], headers=[(k, v.encode()) for k, v in orjson.loads(r[3]).items()])
                for r in rows
            ]
            await asyncio.gather(*fs)
            await s.rdb.execute("delete from unsent where id=any($1::bigint[])", [r[0] for r in rows])

    def row(s, topic, key, kind, cause, data):
        h = {
            "ce_id": str(uuid.uuid5(NS, f"{cause}{kind}")),
            "ce_type": kind,
            "ce_source": "/" + s.role,
            "ce_subject": str(key),
            "ce_time": NOW().isoformat(),
            "ce_company": "1",
            "ce_causationid": str(cause),
        }
        return topic, str(key).encode(), orjson.dumps(h), orjson.dumps(data)

    committed = lambda s: None
    beside = lambda s: ()

    async def consume(s, topics, fn, group, claim=True):
        c = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=K,
            group_id=f"{group}-{RUN}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await c.start()
        while True:
            b = await c.getmany(timeout_ms=500, max_records=MAX)
            ms = [m for x in b.values() for m in x]
            if not ms:
                continue
            es = []
            for m in ms:
                h = {k: v.decode() for k, v in m.headers}
                es.append((uuid.UUID(h["ce_id"]), h["ce_type"], m.key.decode(), orjson.loads(m.value)))
            async with s.db.transaction():
                if claim:
                    got = {
                        r[0]
                        for r in await s.db.fetch(
                            "insert into inbox(consumer,event_id) select $1,x from unnest($2::uuid[]) x on conflict do nothing returning event_id",
                            group,
                            [e[0] for e in es],
                        )
                    }
                    es = [e for e in es if e[0] in got]
                await fn(es)
            s.committed()
            s.wake.set()
            await c.commit({tp: x[-1].offset + 1 for tp, x in b.items()})
            s.done = getattr(s, "done", 0) + len(es)


class Inventory(Proc):
    async def handle(s, es):
        outs = [s.row(T["reservations"], key, "StockReserved.v1", i, d) for i, k, key, d in es]
        moves = [
            (uuid.uuid5(NS, f"{i}{n}"), l["product"], -l["qty"], uuid.UUID(key))
            for i, k, key, d in es
            for n, l in enumerate(d["lines"])
        ]
        await s.reserve(es, "on_hand=on_hand-q")
        await s.db.execute(
            "insert into move(id,product,qty,reservation) select * from unnest($1::uuid[],$2::int[],$3::int[],$4::uuid[])",
            *map(list, zip(*moves)),
        )
        await s.out(outs)

    async def reserve(s, es, taking):
        need, lines = {}, []
        for i, k, key, d in es:
            for n, l in enumerate(d["lines"]):
                need[l["product"]] = need.get(l["product"], 0) + l["qty"]
                lines.append((uuid.UUID(key), n, l["product"], l["qty"]))
        p = sorted(need)
        have = await s.db.fetch(
            "select product,on_hand-reserved from stock where product=any($1::int[]) order by product for update", p
        )
        assert all(h[1] >= need[h[0]] for h in have)
        await s.db.execute(
            f"update stock s set {taking} from unnest($1::int[],$2::int[]) x(p,q) where s.product=x.p",
            p,
            [need[x] for x in p],
        )
        await s.db.execute(
            "insert into reservation(id,state) select x,'reserved' from unnest($1::uuid[]) x",
            [uuid.UUID(e[2]) for e in es],
        )
        await s.db.execute(
            "insert into reservation_line select * from unnest($1::uuid[],$2::int[],$3::int[],$4::int[])",
            *map(list, zip(*lines)),
        )


class Ledger(Proc):
    async def handle(s, es):
        n = await s.db.fetchval("update counter set n=n+$1 returning n-$1", len(es))
        inv, il, en, po, outs = [], [], [], [], []
        for j, (i, k, key, d) in enumerate(es, 1):
            iid, eid = uuid.uuid5(NS, f"{i}inv"), uuid.uuid5(NS, f"{i}ent")
            net = 0
            for m, l in enumerate(d["lines"]):
                a = l["qty"] * l["price"]
                net += a
                il.append((iid, m, "line", l["product"], l["qty"], a))
            tax = net // 10
            il.append((iid, 9, "tax", None, None, tax))
            inv.append((iid, n + j, net + tax, tax))
            en.append((eid, "SAL", iid))
            for m, (acc, a) in enumerate(
                (
                    (1100, net + tax),
                    (4000, -d["lines"][0]["qty"] * d["lines"][0]["price"]),
                    (4000, -d["lines"][1]["qty"] * d["lines"][1]["price"]),
                    (2200, -tax),
                )
            ):
                po.append((eid, m, acc, a))
            told = {"order": key, "number": n + j, "total": net + tax, "tax": tax, "lines": d["lines"]}
            told["customer"] = d["customer"]
            outs.append(s.row(T["invoices"], iid, "InvoiceIssued.v1", i, told))
            told = {"order": key, "invoice": str(iid), "lines": [[1100, net + tax], [4000, -net], [2200, -tax]]}
            outs.append(s.row(T["entries"], eid, "EntryPosted.v1", i, told))
        await s.db.execute(
            "insert into invoice(id,number,total,tax) select * from unnest($1::uuid[],$2::bigint[],$3::bigint[],$4::bigint[])",
            *map(list, zip(*inv)),
        )
        await s.db.execute(
            "insert into invoice_line select * from unnest($1::uuid[],$2::int[],$3::text[],$4::int[],$5::int[],$6::bigint[])",
            *map(list, zip(*il)),
        )
        await s.book(en, po)
        await s.out(outs)

    async def book(s, en, po):
        bal = {}
        for _, _, acc, a in po:
            bal[acc] = bal.get(acc, 0) + a
        await s.db.execute(
            "insert into entry(id,journal,ref) select * from unnest($1::uuid[],$2::text[],$3::uuid[])",
            *map(list, zip(*en)),
        )
        await s.db.execute(
            "insert into posting select * from unnest($1::uuid[],$2::int[],$3::int[],$4::bigint[])",
            *map(list, zip(*po)),
        )
        b = sorted(bal)
        await s.db.execute(
            "insert into balance select a,current_date,m from unnest($1::int[],$2::bigint[]) x(a,m) on conflict(account,day) do update set amount=balance.amount+excluded.amount",
            b,
            [bal[x] for x in b],
        )


class Documents(Proc):
    async def handle(s, es):
        es = [e for e in es if e[1] == "InvoiceIssued.v1"]
        outs = []
        for i, k, key, d in es:
            outs.append(s.row(T["documents"], key, "DocumentRegistered.v1", i, {"order": d["order"], "invoice": key}))
        await s.db.execute(
            "insert into document(id,ref,class,facts) select a,b,'invoice',c from unnest($1::uuid[],$2::uuid[],$3::bytea[]) x(a,b,c)",
            [e[0] for e in es],
            [uuid.UUID(e[2]) for e in es],
            [orjson.dumps(e[3]) for e in es],
        )
        await s.out(outs)


class Gateway(Proc):
    async def handle(s, es):
        seen = {(uuid.UUID(d.get("order", key)), k) for i, k, key, d in es}
        v = sorted(seen)
        await s.db.execute(
            "insert into timeline select r,k,now() from unnest($1::uuid[],$2::text[]) x(r,k) on conflict do nothing",
            [x[0] for x in v],
            [x[1] for x in v],
        )

    async def feed(s):
        rnd = random.Random(1)
        b = int(os.environ.get("BATCH", "50"))
        db = await asyncpg.connect(dsn("gateway"))
        for a in range(0, N, b):
            reqs, outs = [], []
            for _ in range(b):
                i = uuid.uuid4()
                p1, p2 = rnd.sample(range(1, 1001), 2)
                d = {
                    "order": str(i),
                    "customer": {"id": "C-7", "name": "Example Shop Ltd", "country": "GR"},
                    "currency": "EUR",
                    "placed_at": NOW().isoformat(),
                    "lines": [
                        {"product": p1, "qty": 2, "price": 1000, "tax": "S10"},
                        {"product": p2, "qty": 3, "price": 1000, "tax": "S10"},
                    ],
                }
                reqs.append((i, 1, orjson.dumps(d)))
                outs.append(s.row(T["orders"], i, "OrderPlaced.v1", i, d))
            async with db.transaction():
                await db.execute(
                    "insert into request(id,company,body) select * from unnest($1::uuid[],$2::int[],$3::bytea[])",
                    *map(list, zip(*reqs)),
                )
                await db.execute(
                    "with l as (insert into outbox(topic,key,headers,body) select * from unnest($1::text[],$2::bytea[],$3::bytea[],$4::bytea[]) returning id) insert into unsent select id from l",
                    *map(list, zip(*outs)),
                )
            s.wake.set()
            await asyncio.sleep(0)


KINDS = {"inventory": Inventory, "ledger": Ledger, "documents": Documents, "gateway": Gateway}
READS = {"inventory": ["orders"], "ledger": ["reservations"], "documents": ["invoices"]}
READS["gateway"] = ["reservations", "invoices", "entries", "documents"]


async def role(r, kinds=KINDS, reads=READS):
    p = kinds[r](r)
    await p.start()
    topics = reads[r]
    tasks = [asyncio.create_task(p.relay()), asyncio.create_task(p.consume([T[t] for t in topics], p.handle, r))]
    fed = []
    if r == "gateway":
        while not os.path.exists(FLAG("go")):
            await asyncio.sleep(0.05)
        fed.append(asyncio.create_task(p.feed()))
        tasks += fed
    tasks += [asyncio.create_task(x) for x in p.beside()]

    async def stop():
        while not os.path.exists(FLAG("stop")):
            await asyncio.sleep(0.1)

    s = asyncio.create_task(stop())
    done, _ = await asyncio.wait([s] + [t for t in tasks if t not in fed], return_when=asyncio.FIRST_COMPLETED)
    for t in done:
        if t is not s:
            t.result()
    u = resource.getrusage(resource.RUSAGE_SELF)
    told = {"role": r, "cpu_s": round(u.ru_utime + u.ru_stime, 2), "rss_mb": u.ru_maxrss // 1024}
    print(json.dumps(told) + "\n", end="", flush=True)  # in one write: four processes share the pipe
    os._exit(0)


async def main(module="bench.floor", ddl=DDL, through=("DocumentRegistered.v1",)):
    await setup(ddl)
    env = dict(os.environ, RUN=RUN, FLOOR_ROLE="")
    ps = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", module, str(N), env=dict(env, FLOOR_ROLE=r))
        for r in ("inventory", "ledger", "documents", "gateway")
    ]
    await asyncio.sleep(4)
    pm = os.environ.get("PIDS", "")
    hz = os.sysconf("SC_CLK_TCK")
    c = await asyncpg.connect(dsn("gateway"))
    cl = await asyncpg.connect(dsn("ledger"))
    t0 = time.time()
    s0 = open("/proc/stat").readline().split()
    open(FLAG("go"), "w").close()
    tl = None
    cpu = lambda pid: sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) / hz
    k0 = cpu(pm) if pm else 0
    while True:
        await asyncio.sleep(0.25)
        if not tl and await cl.fetchval("select n from counter") >= N:
            tl = time.time()
        if all([await c.fetchval("select count(*) from timeline where kind=$1", k) >= N for k in through]):
            break
        if time.time() - t0 > 300:
            sys.exit("timeout")
    t1 = time.time()
    s1 = open("/proc/stat").readline().split()
    open(FLAG("stop"), "w").close()
    for p in ps:
        await p.wait()
    tot = [int(b) - int(a) for a, b in zip(s0[1:], s1[1:])]
    z = await cl.fetchrow(
        "select (select count(*) from entry) e,(select sum(amount) from posting) z,(select count(*) from posting) p,(select sum(amount) from balance) b"
    )
    print(
        json.dumps(
            {
                "orders": N,
                "orders_s_to_journal": round(N / (tl - t0)),
                "orders_s_to_document_status": round(N / (t1 - t0)),
                "kafka_cpu_s": round(cpu(pm) - k0, 2) if pm else None,
                "idle_share": round(tot[3] / sum(tot), 2),
                "entries": z["e"],
                "postings": z["p"],
                "sum": int(z["z"]),
            }
        )
    )


def run(*of_role, **of_main):
    uvloop.install() if hasattr(uvloop, "install") else None
    asyncio.run(role(os.environ["FLOOR_ROLE"], *of_role) if os.environ.get("FLOOR_ROLE") else main(**of_main))


if __name__ == "__main__":
    run()
