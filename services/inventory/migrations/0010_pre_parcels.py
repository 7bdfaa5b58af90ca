"""What lies in which parcel of a shipment, and the numbers that stand on parcels."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "inventory_0010"
down_revision = "inventory_0009"
branch_labels = None
depends_on = None

SCRIPT = """
create table parcel (company text not null, shipment uuid not null, parcel int not null check (parcel > 0),
    sscc text constraint parcel_sscc_check check (sscc ~ '^[0-9]{18}$'), weight text,
    primary key (company, shipment, parcel), constraint sscc_once unique (company, sscc),
    foreign key (company, shipment) references shipment (company, shipment));
create table parcel_line (company text not null, shipment uuid not null, parcel int not null, line int not null,
    quantity bigint not null check (quantity > 0), primary key (company, shipment, parcel, line),
    foreign key (company, shipment, parcel) references parcel (company, shipment, parcel),
    foreign key (company, shipment, line) references shipment_line (company, shipment, line));
create table sscc_series (company text not null references known_company (company),
    prefix text not null check (prefix ~ '^[0-9]{7,10}$'), last bigint not null default 0 check (last >= 0),
    active boolean not null, primary key (company, prefix)) with (fillfactor = 50);
create unique index sscc_series_active on sscc_series (company) where active;
"""


def upgrade() -> None:
    """A shipment of before has as many parcels as were counted, and nobody knows what lies in them."""
    execute(SCRIPT)
    isolate("parcel", "parcel_line", "sscc_series")
    facts("parcel", "parcel_line")
    mutable("sscc_series")
