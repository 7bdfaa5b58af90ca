"""What inventory does, one function per command, by use case."""

from services.inventory.handlers.orders import define_items, learn_companies, receive_goods, settle_orders
from services.inventory.handlers.shipping import dispatch_shipments, pack_shipments, pick_orders, unpick_shipments

__all__ = [
    "define_items",
    "dispatch_shipments",
    "learn_companies",
    "pack_shipments",
    "pick_orders",
    "receive_goods",
    "settle_orders",
    "unpick_shipments",
]
