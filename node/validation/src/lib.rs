//! Should this gossip message be believed, ignored or punished?.
