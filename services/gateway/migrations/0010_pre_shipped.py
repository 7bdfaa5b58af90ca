"""An order whose goods have all left is shipped until it is invoiced.

Orders that left before this lack the bit until the timelines are read anew (README); they are invoiced by then.
"""

from chassis.migrating import execute

revision = "gateway_0010"
down_revision = "gateway_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The state as `domain/timeline.py` says it: bit 23 is that all of it has left."""
    execute("""
    alter table order_summary alter column state set expression as (case
        when facts & 1024 & ~taken_back <> 0 then 'credited'
        when facts & 256 <> 0 and facts & 2228224 = 0
            then case when facts & 4 <> 0 or (facts & 512 <> 0 and facts & 8 = 0) then 'cancelled' else 'cancelling' end
        when facts & 524288 <> 0 and facts & 1051140 = 0 then 'back_ordered'
        when facts & 128 & ~taken_back <> 0 then 'paid'
        when facts & 64 & ~taken_back <> 0 then 'partly_paid'
        when facts & 2052 <> 0 then 'refused'
        when facts & 16 <> 0 then 'documented'
        when facts & 8 <> 0 then 'invoiced'
        when facts & 8388608 <> 0 then 'shipped'
        when facts & 2 <> 0 then 'reserved'
        when facts & 1 <> 0 then 'accepted'
        else 'announced' end);
    """)
