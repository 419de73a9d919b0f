//! Numbered, append-only schema steps, one lineage per database file.
