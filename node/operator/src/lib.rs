//! The conductor: slot clock, schedule, one task per committee, effects, duty ledger.
