//! The conductor's own tasks: watched, because a node without one of them would look well and do nothing.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Running tasks. They end with this.
pub(crate) struct Tasks {
    running: Vec<AbortOnDropHandle<()>>,
    stop: CancellationToken,
    ended: watch::Sender<Option<&'static str>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { running: Vec::new(), stop: CancellationToken::new(), ended: watch::Sender::new(None) }
    }
}

impl Tasks {
    /// Starts a task that is not to end before it is stopped.
    pub(crate) fn start(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (stop, ended) = (self.stop.clone(), self.ended.clone());
        let watched = async move {
            let work = AbortOnDropHandle::new(tokio::spawn(work));
            let Some(outcome) = stop.run_until_cancelled(work).await else { return };
            if let Err(error) = outcome {
                tracing::error!(task = name, %error, "a task of the conductor failed: this is a defect, please report it with the log");
            }
            ended.send_if_modified(|first| first.is_none() && first.replace(name).is_none());
        };
        self.running.push(AbortOnDropHandle::new(tokio::spawn(watched)));
    }

    /// Waits until one ends by itself; says which was the first.
    pub(crate) async fn ended(&self) -> &'static str {
        let mut ended = self.ended.subscribe();
        if let Ok(name) = ended.wait_for(Option::is_some).await
            && let Some(name) = *name
        {
            return name;
        }
        std::future::pending().await
    }

    /// Ends all.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn a_task_that_fails_or_ends_is_told() {
        let mut tasks = Tasks::default();
        tasks.start("lives", std::future::pending());
        assert!(tasks.ended().now_or_never().is_none());
        tasks.start("fails", async { panic!("a defect") });
        assert_eq!(tasks.ended().await, "fails");
        tasks.start("ends", async {});
        assert_eq!(tasks.ended().await, "fails", "the first is told");
    }

    #[tokio::test]
    async fn a_task_that_is_stopped_is_not_one_that_ended() {
        let mut tasks = Tasks::default();
        let (alive, mut dropped) = tokio::sync::oneshot::channel::<()>();
        tasks.start("lives", async move {
            std::future::pending::<()>().await;
            drop(alive);
        });
        tasks.stop();
        assert!((&mut dropped).await.is_err(), "it is gone");
        assert!(tasks.ended().now_or_never().is_none());
    }
}
