"""What can be wrong with the database, each with what to do about it.

DatabaseError
├── NoDatabase        nothing there yet
├── SchemaTooOld      migrate first
├── SchemaTooNew      written by a later craftwatch
├── NotOurs           another program's
├── TooSlow           a read took longer than it may
├── HalfCopied        `copy` into it was interrupted
├── NotEmpty          an archive is where another one is to go
├── BackupUnusable    the file to restore is damaged, or no backup
└── DatabaseUnusable  locked, read-only, full, corrupt or out of reach
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError


class DatabaseError(Exception):
    """The database cannot be used as it is; `str()` says what to do."""


class NoDatabase(DatabaseError):
    pass


class SchemaTooOld(DatabaseError):
    pass


class SchemaTooNew(DatabaseError):
    pass


class NotOurs(DatabaseError):
    pass


class TooSlow(DatabaseError):
    pass


class HalfCopied(DatabaseError):
    pass


class NotEmpty(DatabaseError):
    pass


class BackupUnusable(DatabaseError):
    pass


class DatabaseUnusable(DatabaseError):
    pass


_ADVICE = {
    "SQLITE_BUSY": "it is locked by another program; stop that program or try again",
    "SQLITE_LOCKED": "it is locked by another program; stop that program or try again",
    "SQLITE_READONLY": "it is read-only; give this user write permission on the file and its folder",
    "SQLITE_FULL": "the disk is full; free some space and run again, nothing that was saved is lost",
    "SQLITE_IOERR": "the disk failed or is full; check it and run again",
    "SQLITE_CORRUPT_VTAB": "its index of words is damaged; run: craftwatch rebuild",
    "SQLITE_CORRUPT": "the file is damaged; put it aside and restore a backup",
    "SQLITE_NOTADB": "the file is not an SQLite database; put it aside or name another in CRAFTWATCH_DATABASE_URL",
    "SQLITE_CANTOPEN": "the file cannot be opened; check the path in CRAFTWATCH_DATABASE_URL and its permissions",
}


_ADVICE_BY_SQLSTATE = {
    "55P03": "it is locked by another program; stop that program or try again",
    "53100": "its disk is full; free some space and run again, nothing that was saved is lost",
    "25006": "it is read-only; name the primary server in CRAFTWATCH_DATABASE_URL",
    "42501": "this user may not write to it; grant that, or name another user in CRAFTWATCH_DATABASE_URL",
    "28": "the server does not let this user in; check user and password in CRAFTWATCH_DATABASE_URL",
    "3D000": "there is no such database on the server; create it, or check its name in CRAFTWATCH_DATABASE_URL",
    "XX00": "its files are damaged; restore a backup",
}


def explain(error: DBAPIError) -> DatabaseUnusable:
    """The driver's error as one sentence that a person can act on."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "") or ""
        for prefix, advice in _ADVICE.items():
            if name.startswith(prefix):
                return DatabaseUnusable(f"The database cannot be used: {advice}. ({name}: {cause})")
        return DatabaseUnusable(f"The database cannot be used: {cause}")
    first_line = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    state = getattr(cause, "sqlstate", None) or ""
    for prefix, advice in _ADVICE_BY_SQLSTATE.items():
        if state.startswith(prefix):
            return DatabaseUnusable(f"The database cannot be used: {advice}. ({state}: {first_line})")
    return DatabaseUnusable(
        f"The database cannot be used: {first_line}. Check CRAFTWATCH_DATABASE_URL and that the server is up."
    )
