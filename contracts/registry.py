"""Every event type of the house, its owner, its topic and the address of its schema."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from contracts import documents, gateway, inventory, inventory_counts, ledger, ledger_dues, ledger_prices, payroll
from contracts.base import EventData
from contracts.topics import TOPICS

OWNERS: Mapping[str, tuple[ModuleType, ...]] = MappingProxyType({
    "gateway": (gateway,), "inventory": (inventory, inventory_counts),
    "ledger": (ledger, ledger_dues, ledger_prices), "documents": (documents,), "payroll": (payroll,),
})  # fmt: skip


def _events() -> dict[str, type[EventData]]:
    """Collects the events in the order of the topic table, and refuses a table and models that disagree.

    Raises:
        LookupError: naming the event type that only one side knows, or that sits in another owner's file.
    """
    declared = {
        model.event_type: (owner, model)
        for owner, modules in OWNERS.items()
        for module in modules
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, EventData) and model is not EventData
    }
    events: dict[str, type[EventData]] = {}
    for topic in TOPICS.values():
        for event_type in topic.holds:
            owner, model = declared.pop(event_type, (None, None))
            if model is None or owner != topic.owner or model.topic != topic.name:
                raise LookupError(f"topic {topic.name} of {topic.owner} holds {event_type}, its model says otherwise")
            events[event_type] = model
    if declared:
        raise LookupError(f"no topic holds {sorted(declared)}")
    return events


EVENTS: Mapping[str, type[EventData]] = MappingProxyType(_events())


def owner_of(event_type: str) -> str:
    """The service that alone emits events of this type. Raises KeyError for an unknown type."""
    return TOPICS[EVENTS[event_type].topic].owner


def key_of(event_type: str, company: str, data: Mapping[str, object]) -> str:
    """The Kafka key that belongs to this data: the value of the event's key field, or the company."""
    field = EVENTS[event_type].key_field
    return company if field == "company" else str(data[field])
