//! The life of a running node: rooms are opened in the order of the walk and closed in the opposite order.
//!
//! Each room is one task with a token of its own. The node stops on SIGINT or SIGTERM, or when a room ends by itself, which is
//! always an error. Then the rooms are closed from the last to the first, each within its budget: what is fed is closed before
//! what feeds it, and the databases, opened first, see every write. A second signal ends the process at once.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, anyhow};
use futures::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Cancels the returned token at the first SIGINT or SIGTERM; the second one ends the process. Call inside a tokio runtime.
///
/// # Errors
/// The system does not let signals be caught.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let catch = |kind| signal(kind).context("signals cannot be caught");
    let (mut interrupt, mut terminate) = (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let name = either(&mut interrupt, &mut terminate).await;
        tracing::info!(signal = name, "stopping; once more to stop at once");
        token.cancel();
        let name = either(&mut interrupt, &mut terminate).await;
        tracing::warn!(signal = name, "stopped at once");
        std::process::exit(i32::from(Exit::Failed.code()));
    });
    Ok(stop)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

/// The open rooms of a node.
#[derive(Debug)]
pub struct House {
    stop: CancellationToken,
    rooms: Vec<Room>,
}

#[derive(Debug)]
struct Room {
    name: &'static str,
    closing: Duration,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl House {
    /// A house without rooms that is closed when `stop` is cancelled.
    #[must_use]
    pub const fn new(stop: CancellationToken) -> Self {
        Self { stop, rooms: Vec::new() }
    }

    /// Opens a room: a task that works until its token is cancelled and then has `closing` to come to an end.
    pub fn open<F>(
        &mut self,
        name: &'static str,
        closing: Duration,
        work: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let task = tokio::spawn(work(stop.clone()));
        tracing::debug!(room = name, "opened");
        self.rooms.push(Room { name, closing, stop, task });
    }

    /// Waits until the node is to stop, or a room ends by itself, and closes every room.
    ///
    /// # Errors
    /// The first failure: of the room that ended by itself, or of one that did not close well.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let ended = self.wait().await;
        self.close(ended).await
    }

    /// Closes every room, for the reason that `ended` gives. Whoever looks at the token that the house was made with sees that it
    /// is being closed.
    ///
    /// # Errors
    /// `ended`, or else the first room that did not close well.
    pub async fn close(mut self, ended: anyhow::Result<()>) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut first = ended.err();
        while let Some(room) = self.rooms.pop() {
            let name = room.name;
            if let Err(error) = room.close().await {
                tracing::error!(room = name, "{error:#}");
                first.get_or_insert(error);
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// # Errors
    /// A room ended by itself; it is taken out.
    async fn wait(&mut self) -> anyhow::Result<()> {
        if self.rooms.is_empty() {
            self.stop.cancelled().await;
            return Ok(());
        }
        let any = select_all(self.rooms.iter_mut().map(|room| &mut room.task));
        let (outcome, position) = tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            (outcome, position, _) = any => (outcome, position),
        };
        let room = self.rooms.remove(position);
        match result(room.name, outcome) {
            Ok(()) => Err(anyhow!("{} ended by itself", room.name)),
            Err(error) => Err(error),
        }
    }
}

impl Room {
    async fn close(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        match timeout(self.closing, &mut self.task).await {
            Ok(outcome) => {
                tracing::debug!(room = self.name, "closed");
                result(self.name, outcome)
            }
            Err(_) => {
                self.task.abort();
                Err(anyhow!("{} did not close within {:?} and was cut off", self.name, self.closing))
            }
        }
    }
}

fn result(name: &'static str, outcome: Result<anyhow::Result<()>, JoinError>) -> anyhow::Result<()> {
    match outcome {
        Ok(result) => result.with_context(|| format!("{name} failed")),
        Err(error) => Err(anyhow!("{name} crashed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const BUDGET: Duration = Duration::from_secs(60);

    type Story = Arc<Mutex<Vec<&'static str>>>;

    fn teller(
        story: &Story,
        name: &'static str,
    ) -> impl FnOnce(CancellationToken) -> futures::future::BoxFuture<'static, anyhow::Result<()>> {
        let story = Arc::clone(story);
        move |stop| {
            Box::pin(async move {
                stop.cancelled().await;
                story.lock().unwrap().push(name);
                Ok(())
            })
        }
    }

    #[tokio::test]
    async fn rooms_are_closed_in_the_opposite_order() {
        let (story, stop) = (Story::default(), CancellationToken::new());
        let mut house = House::new(stop.clone());
        for name in ["store", "network", "conductor"] {
            house.open(name, BUDGET, teller(&story, name));
        }
        stop.cancel();
        house.run().await.unwrap();
        assert_eq!(*story.lock().unwrap(), ["conductor", "network", "store"]);
    }

    #[tokio::test]
    async fn a_room_that_ends_by_itself_closes_the_house() {
        let story = Story::default();
        let mut house = House::new(CancellationToken::new());
        house.open("store", BUDGET, teller(&story, "store"));
        house.open("network", BUDGET, |_| async { Err(crate::exit::decide("wrong network")) });
        let error = house.run().await.unwrap_err();
        assert_eq!(format!("{error:#}"), "network failed: wrong network");
        assert_eq!(Exit::of(&error), Exit::Decide);
        assert_eq!(*story.lock().unwrap(), ["store"]);
    }

    #[tokio::test]
    async fn a_house_that_was_never_furnished_is_closed_with_its_reason() {
        let (story, stop) = (Story::default(), CancellationToken::new());
        let mut house = House::new(stop.clone());
        house.open("api", BUDGET, teller(&story, "api"));
        let error = house.close(Err(crate::exit::decide("wrong network"))).await.unwrap_err();
        assert_eq!((Exit::of(&error), stop.is_cancelled()), (Exit::Decide, true));
        assert_eq!(*story.lock().unwrap(), ["api"]);
    }

    #[tokio::test]
    async fn a_crash_and_a_quiet_end_are_errors_too() {
        let mut house = House::new(CancellationToken::new());
        house.open("api", BUDGET, |_| async { Ok(()) });
        assert_eq!(house.run().await.unwrap_err().to_string(), "api ended by itself");
        let mut house = House::new(CancellationToken::new());
        house.open("api", BUDGET, |_| async { panic!("bug") });
        assert!(house.run().await.unwrap_err().to_string().starts_with("api crashed"));
    }

    #[tokio::test]
    async fn a_room_that_does_not_close_is_cut_off_and_the_others_are_closed() {
        let (story, stop) = (Story::default(), CancellationToken::new());
        let mut house = House::new(stop.clone());
        house.open("store", BUDGET, teller(&story, "store"));
        house.open("network", Duration::ZERO, |_| std::future::pending());
        stop.cancel();
        let error = house.run().await.unwrap_err();
        assert!(error.to_string().contains("was cut off"), "{error}");
        assert_eq!(*story.lock().unwrap(), ["store"]);
    }
}
