//! The threads: one reads each device, one delivers what has arrived.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tun_rs::{DeviceBuilder, SyncDevice};

use super::NodeNumber;
use super::link::{Conditions, Fate, Links};
use super::queue::{Flight, Queue};

/// The largest packet a device takes; a node's device has the usual 1500 bytes.
const MOST_BYTES: usize = 65_535;

/// Packets so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Put into the receiver's device.
    pub delivered: u64,
    /// Swallowed by a line.
    pub lost: u64,
    /// Sent over a line that was cut.
    pub cut_off: u64,
    /// Dropped because too many were on their way.
    pub overflowed: u64,
    /// For no node: other protocols, other addresses.
    pub unrouted: u64,
}

#[derive(Debug)]
struct State {
    links: Links,
    queue: Queue,
    stats: Stats,
}

/// A running network.
#[derive(Clone)]
pub struct Router {
    start: Instant,
    state: Arc<(Mutex<State>, Condvar)>,
    devices: Arc<[SyncDevice]>,
}

impl Router {
    /// Makes the devices `<prefix>1` to `<prefix><nodes>` and starts. The devices are down and without address: give each to its
    /// node's namespace. They go when the process ends.
    ///
    /// # Errors
    /// Whatever the system says: most often that this takes root, or that a device of the name exists.
    pub fn start(prefix: &str, nodes: NodeNumber, seed: u64) -> io::Result<Self> {
        let devices = (1..=nodes.get())
            .map(|number| {
                DeviceBuilder::new().name(format!("{prefix}{number}")).inherit_enable_state().build_sync()
            })
            .collect::<io::Result<Arc<[SyncDevice]>>>()?;
        let state = State {
            links: Links::new(seed, Conditions::default()),
            queue: Queue::default(),
            stats: Stats::default(),
        };
        let router =
            Self { start: Instant::now(), state: Arc::new((Mutex::new(state), Condvar::new())), devices };
        for node in (1..=nodes.get()).filter_map(NodeNumber::new) {
            let reader = router.clone();
            thread::Builder::new().name(format!("node {}", node.get())).spawn(move || reader.read(node))?;
        }
        let deliverer = router.clone();
        thread::Builder::new().name("delivery".into()).spawn(move || deliverer.deliver())?;
        Ok(router)
    }

    /// What the network is like now.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.state().links.conditions().clone()
    }

    /// Changes what the network is like for packets sent from now on. Those on their way arrive.
    pub fn change(&self, conditions: Conditions) {
        self.state().links.change(conditions);
    }

    /// Packets so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state().stats
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics while holding the lock; were it so, the numbers inside would still be sound.
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn device(&self, node: NodeNumber) -> Option<&SyncDevice> {
        self.devices.get(usize::from(node.get()).checked_sub(1)?)
    }

    /// Takes packets out of a node's device for ever. A device that is down, or on its way into a namespace, gives errors.
    fn read(&self, from: NodeNumber) {
        let Some(device) = self.device(from) else { return };
        let mut buffer = vec![0; MOST_BYTES];
        loop {
            match device.recv(&mut buffer) {
                Ok(length) => self.take(from, buffer.get(..length).unwrap_or_default()),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn take(&self, from: NodeNumber, packet: &[u8]) {
        let now = self.start.elapsed();
        let to = NodeNumber::destination(packet).filter(|to| self.device(*to).is_some());
        let mut state = self.state();
        let Some(to) = to else {
            state.stats.unrouted += 1;
            return;
        };
        match state.links.send(from, to, now) {
            Fate::Arrives(arrives) => {
                let is_next = state.queue.next_arrival().is_none_or(|next| arrives < next);
                if !state.queue.push(Flight { arrives, to, packet: packet.to_vec() }) {
                    state.stats.overflowed += 1;
                } else if is_next {
                    self.state.1.notify_one();
                }
            }
            Fate::Lost => state.stats.lost += 1,
            Fate::CutOff => state.stats.cut_off += 1,
        }
    }

    /// Puts packets into their receivers' devices for ever.
    fn deliver(&self) {
        let mut state = self.state();
        loop {
            let now = self.start.elapsed();
            if let Some(flight) = state.queue.pop(now) {
                state.stats.delivered += 1;
                drop(state);
                // A device that is down loses its packets, like a cable that is pulled out.
                let _ = self.device(flight.to).map(|device| device.send(&flight.packet));
                state = self.state();
                continue;
            }
            let changed = &self.state.1;
            state = match state.queue.next_arrival() {
                Some(next) => {
                    let rest = changed.wait_timeout(state, next.saturating_sub(now));
                    rest.unwrap_or_else(PoisonError::into_inner).0
                }
                None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
