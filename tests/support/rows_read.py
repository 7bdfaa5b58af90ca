"""How many rows a department's statements looked at, by the database's own counters.

reading = RowsRead(department)
await reading.begin()
await work(); first = await reading.since_last()
await work(); later = await reading.since_last()
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.department import Department

ALONE = """
do $$ declare one name;
begin
    for one in select relname from pg_stat_user_tables loop
        execute format('alter table %I set (autovacuum_enabled = off)', one);
    end loop;
end $$
"""
READ = """
select relname, seq_tup_read + coalesce((select sum(i.idx_tup_read)::bigint from pg_stat_user_indexes i
    where i.relid = t.relid), 0) from pg_stat_user_tables t
"""


@dataclass
class RowsRead:
    """Rows by table since the last look, whole scans and entries of indexes together."""

    department: Department
    _before: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Let nobody gather statistics of its tables meanwhile: plans would be made anew, from those."""
        await self.department.rows(ALONE)

    async def since_last(self) -> dict[str, int]:
        """By table; those that nobody looked at are missing. The department is at rest meanwhile."""
        await self._hand_in()
        await self.department.rows("select pg_stat_clear_snapshot()")
        now = {name: int(read) for name, read in await self.department.rows(READ)}
        found = {name: read - self._before.get(name, 0) for name, read in now.items()}
        self._before = now
        return {name: read for name, read in found.items() if read}

    async def _hand_in(self) -> None:
        """Sessions keep their counters to themselves for up to a second; their plans must be kept, so none is ended."""
        database = self.department.database
        held = [await database.take() for _ in database._idle.copy()]
        for one in held:
            await one.execute("select pg_stat_force_next_flush()")
            await one.execute("select 1")
        for one in held:
            await database.give_back(one)


def growing(early: dict[str, int], late: dict[str, int], *, slack: int) -> dict[str, tuple[int, int]]:
    """Tables of which the same work read more rows later on."""
    return {name: (early.get(name, 0), read) for name, read in late.items() if read > early.get(name, 0) * 1.25 + slack}
