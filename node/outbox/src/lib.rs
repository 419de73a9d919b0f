//! What happened, told once, durably, to whoever subscribed.
