//! Key shares and signing history: the only place a validator signature is made.
