"""What survives an appliance; on disk it is the state directory: the startup configuration, the master key, a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from ikecli.errors import Unavailable
from ikecli.language import TEXT_LIMIT, decoded
from ikecli.secret import Secret

KEY_SIZE: Final = 32
STARTUP: Final = "startup-config"
PREVIOUS: Final = "startup-config.previous"
KEY: Final = "master-key"
PHRASES: Final = "config-key"
LOCK: Final = "lock"
FLASH: Final = "flash"
FILES: Final = 256
"""How many files flash: holds."""
_NAME: Final = re.compile(r"\.?\w[\w.-]{0,120}", re.ASCII)
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Storage(Protocol):
    """Where an appliance keeps what survives it; each call raises errors.Unavailable in one clear line."""

    @property
    def config_file(self) -> str:
        """The startup configuration's name, for people."""

    def read_startup(self) -> str | None:
        """Return the startup configuration, or None when there is none."""

    def write_startup(self, text: str) -> None:
        """Write it whole or not at all."""

    def erase_startup(self) -> None:
        """Remove it."""

    def files(self) -> Mapping[str, int]:
        """Return the names of the files of flash: with their octets."""

    def written(self, name: str) -> float:
        """Return when a file of flash: was written, in wall time; 0 where that is not known."""

    def room(self) -> tuple[int, int]:
        """Return the octets of the file system that flash: lies in, and those that are free; 0 where not known."""

    def read_file(self, name: str) -> str:
        """Return a file of flash:; one that is not there is Unavailable."""

    def write_file(self, name: str, text: str) -> None:
        """Write a file of flash: whole or not at all."""

    def remove_file(self, name: str) -> None:
        """Remove a file of flash:, or a folder."""

    def append_file(self, folder: str, name: str, text: str) -> int:
        """Add to a file in a folder of flash:, made if need be; return the file's octets then."""

    def master_key(self) -> bytes:
        """Return the 32 octets that stored keys are encrypted under, made at the first call."""

    def phrases(self) -> tuple[Secret, ...]:
        """Return the operator's master keys, the present one (empty: none) first."""

    def write_phrases(self, phrases: tuple[Secret, ...]) -> None:
        """Replace them."""


class FileStorage:
    """A state directory in use. `startup` is the startup configuration's file when it lies elsewhere."""

    def __init__(self, state: Path, startup: Path | None = None) -> None:
        """Make the directory if need be and lock it; raises Unavailable."""
        self.state: Final = state
        self.startup: Final = startup if startup is not None else state / STARTUP
        self._given = startup is not None
        with _explained(f"state directory {state}"):
            _make_private(state)
            self._lock = _lock(state)

    @property
    def config_file(self) -> str:
        """The startup configuration's path."""
        return str(self.startup)

    def read_startup(self) -> str | None:
        """Return the startup configuration; None when there is none. A file that was named must be there."""
        with _explained(str(self.startup)):
            try:
                with self.startup.open("rb") as opened:
                    octets = opened.read(TEXT_LIMIT + 1)
            except FileNotFoundError:
                if self._given:
                    raise
                return None
        return decoded(octets, str(self.startup))

    def write_startup(self, text: str) -> None:
        """Write it whole or not at all; what it was before stays in the state directory."""
        with _explained(str(self.startup)):
            before = self.startup.read_bytes() if self.startup.exists() else None
            if before is not None:
                _replace(self.state / PREVIOUS, before)
            _replace(Path(os.path.realpath(self.startup)), text.encode(errors="surrogateescape"))

    def erase_startup(self) -> None:
        """Remove it."""
        with _explained(str(self.startup)):
            self.startup.unlink(missing_ok=True)

    def master_key(self) -> bytes:
        """Return the 32 octets that stored keys are encrypted under."""
        path = self.state / KEY
        with _explained(str(path)):
            if not path.exists():
                _replace(path, os.urandom(KEY_SIZE))
            key = path.read_bytes()
        if len(key) != KEY_SIZE:
            raise Unavailable(f"{path}: {len(key)} octets are no master key; it has {KEY_SIZE}")
        return key

    def phrases(self) -> tuple[Secret, ...]:
        """Return the operator's master keys, the present one (empty: none) first."""
        path = self.state / PHRASES
        with _explained(str(path)):
            lines = path.read_text("ascii").splitlines() if path.exists() else []
        try:
            return tuple(Secret(bytes.fromhex(line)) for line in lines)
        except ValueError:
            raise Unavailable(f"{path}: it has a line that is not hexadecimal") from None

    def write_phrases(self, phrases: tuple[Secret, ...]) -> None:
        """Replace them."""
        with _explained(str(self.state / PHRASES)):
            _replace(self.state / PHRASES, "".join(f"{one.reveal().hex()}\n" for one in phrases).encode())

    def files(self) -> dict[str, int]:
        """Return the names of the files of flash: with their octets; those in a folder as FOLDER/NAME."""
        flash = self.state / FLASH
        with _explained(f"{FLASH}:"):
            found = [path for path in flash.iterdir() if _NAME.fullmatch(path.name)] if flash.exists() else []
            inside = [one for path in found if path.is_dir() for one in path.iterdir()]
            kept = sorted([path for path in found if not path.is_dir()] + inside)
            return {str(path.relative_to(flash)): path.stat().st_size for path in kept}

    def written(self, name: str) -> float:
        """Return when a file of flash:, or one in a folder of it, was written."""
        folder, slash, inside = name.rpartition("/")
        with _explained(f"{FLASH}:{name}"):
            return (self._file(folder) / inside if slash else self._file(name)).stat().st_mtime

    def room(self) -> tuple[int, int]:
        """Return the octets of the state directory's file system, and those that are free."""
        with _explained(str(self.state)):
            found = os.statvfs(self.state)
        return found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail

    def read_file(self, name: str) -> str:
        """Return a file of flash:; raises Unavailable when there is none of this name."""
        try:
            return self._file(name).read_bytes().decode(errors="surrogateescape")
        except OSError as error:
            raise Unavailable(f"%Error opening {FLASH}:{name} ({error.strerror})") from error

    def write_file(self, name: str, text: str) -> None:
        """Write a file of flash: whole or not at all."""
        path = self._file(name)
        with _explained(f"{FLASH}:{name}"):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._make_room(path)
            _replace(path, text.encode(errors="surrogateescape"))

    def remove_file(self, name: str) -> None:
        """Remove a file of flash:, or a folder and what is in it; raises Unavailable when there is none."""
        path = self._file(name)
        with _explained(f"{FLASH}:{name}"):
            if path.is_dir() and not path.is_symlink():
                for one in path.iterdir():
                    one.unlink()
                path.rmdir()
            else:
                path.unlink()

    def append_file(self, folder: str, name: str, text: str) -> int:
        """Add to a file in a folder of flash:, made if need be and both private; return the file's octets then."""
        path = self._file(folder)
        with _explained(f"{FLASH}:{folder}"):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if not path.exists():
                self._make_room(path)
                path.mkdir(mode=0o700)
            opened = os.open(path / name, _APPEND, 0o600)
            with open(opened, "ab") as file:
                file.write(text.encode())
                return file.tell()

    def _make_room(self, path: Path) -> None:
        """Raise Unavailable where one more file of flash: would be too many."""
        if not path.exists() and len(os.listdir(path.parent)) >= FILES:
            raise Unavailable(f"{FLASH}: holds {FILES} files; type delete {FLASH}:NAME first")

    def _file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Unavailable(f"{FLASH}:{name}: a name has letters, digits, dots, dashes and underscores")
        return self.state / FLASH / name

    def close(self) -> None:
        """Let another engine have the directory."""
        os.close(self._lock)


@contextlib.contextmanager
def _explained(subject: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{subject}: {error.strerror}") from error


def _make_private(path: Path) -> None:
    """Have a directory of this user's and of mode 0700; one that is another's or holds others' files is not touched."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise Unavailable(f"state directory {path}: it belongs to another user; name your own with --state")
    if stat.S_IMODE(found.st_mode) & 0o077 == 0:
        return
    if not (path / LOCK).exists() and any(path.iterdir()):
        raise Unavailable(
            f"state directory {path}: others may read it (mode {stat.S_IMODE(found.st_mode):04o}); "
            f"type chmod 700 {path}, or name another with --state"
        )
    path.chmod(0o700)


def _lock(state: Path) -> int:
    lock = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode(errors="replace").strip()
        os.close(lock)
        raise Unavailable(
            f"state directory {state}: another engine (process {holder}) uses it; give this one its own with --state"
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _replace(path: Path, octets: bytes) -> None:
    """Put a file of mode 0600 in place of another, whole: a reader or a crash sees the old or the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
