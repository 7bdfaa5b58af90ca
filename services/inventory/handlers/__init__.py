"""What inventory does, one function per command, by use case."""

from services.inventory.handlers.bins import carry_goods, define_bins, set_picking
from services.inventory.handlers.closing import close_transfers, decide_closings
from services.inventory.handlers.counts import count_stock, decide_counts, set_tolerances
from services.inventory.handlers.importing import import_bins, import_items, import_stock, import_warehouses
from services.inventory.handlers.items import allow_negative, define_items, define_warehouses
from services.inventory.handlers.orders import await_credit, learn_companies, settle_orders
from services.inventory.handlers.packing import pack_shipments, set_parcel_prefixes
from services.inventory.handlers.picking import pick_orders, unpick_shipments
from services.inventory.handlers.posting import post_late
from services.inventory.handlers.receiving import receive_goods
from services.inventory.handlers.shipping import dispatch_shipments
from services.inventory.handlers.transfers import arrive_goods, send_goods
from services.inventory.handlers.waiting import expire_reservations, share_what_is_free

__all__ = [
    "allow_negative",
    "arrive_goods",
    "await_credit",
    "carry_goods",
    "close_transfers",
    "count_stock",
    "decide_closings",
    "decide_counts",
    "define_bins",
    "define_items",
    "define_warehouses",
    "dispatch_shipments",
    "expire_reservations",
    "import_bins",
    "import_items",
    "import_stock",
    "import_warehouses",
    "learn_companies",
    "pack_shipments",
    "pick_orders",
    "post_late",
    "receive_goods",
    "send_goods",
    "set_parcel_prefixes",
    "set_picking",
    "set_tolerances",
    "settle_orders",
    "share_what_is_free",
    "unpick_shipments",
]
