"""Every link of one service to Kafka and to its PostgreSQL, with a proxy on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tests.proof.house import House
from tests.proof.injection.proxy import HOST, Proxy


@dataclass(frozen=True, slots=True)
class Links:
    """One service's links. A cluster has a link per broker, which are bent together."""

    service: str
    kafka: tuple[Proxy, ...]
    postgres: Proxy

    def __iter__(self) -> Iterator[tuple[str, tuple[Proxy, ...]]]:
        return iter(((f"{self.service}→kafka", self.kafka), (f"{self.service}→postgres", (self.postgres,))))

    def heal(self) -> None:
        """Fair weather on all of them."""
        for _, proxies in self:
            for proxy in proxies:
                proxy.heal()


@asynccontextmanager
async def proxied(house: House, services: Sequence[str]) -> AsyncIterator[dict[str, Links]]:
    """Put proxies between and start these services anew, so that they go through them."""
    async with AsyncExitStack() as opened:
        links = {}
        for service in services:
            links[service] = await _open(opened, house, service)
            await house.stack.stop_service(service)
            await house.stack.restart(service, environment=_environment(house, links[service]))
        yield links
        for one in links.values():
            one.heal()


async def _open(opened: AsyncExitStack, house: House, service: str) -> Links:
    brokers = [
        await opened.enter_async_context(Proxy(HOST, link.port, port=link.advertised_port))
        for link in house.stack.kafka_links(service)
    ]
    port = urlsplit(house.stack.urls[service].database_url).port
    assert port
    return Links(service, tuple(brokers), await opened.enter_async_context(Proxy(HOST, port)))


def _environment(house: House, links: Links) -> dict[str, str]:
    urls = house.stack.urls[links.service].environment(links.service)
    through = {name: _elsewhere(url, links.postgres.port) for name, url in urls.items() if "MIGRATION" not in name}
    return through | {"KAFKA_BOOTSTRAP_SERVERS": ",".join(f"{HOST}:{proxy.port}" for proxy in links.kafka)}


def _elsewhere(url: str, port: int) -> str:
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@{HOST}:{port}"))


@asynccontextmanager
async def database_link(house: House, service: str) -> AsyncIterator[Proxy]:
    """A proxy between one service and its PostgreSQL, for a while; the service is started anew before and after."""
    urls = house.stack.urls[service].environment(service)
    straight = {name: url for name, url in urls.items() if "MIGRATION" not in name}
    port = urlsplit(house.stack.urls[service].database_url).port
    assert port
    async with Proxy(HOST, port) as proxy:
        await _again(house, service, {name: _elsewhere(url, proxy.port) for name, url in straight.items()})
        try:
            yield proxy
        finally:
            proxy.heal()
            await _again(house, service, straight)


async def _again(house: House, service: str, environment: Mapping[str, str]) -> None:
    for name in house.processes_of(service):
        await house.stack.stop_service(name)
        await house.stack.restart(name, environment=environment)
