//! The embedded databases: open, lock, version, migrate, transact.
