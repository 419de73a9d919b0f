//! Asks one node for its version now and then, for the sake of the date of its answer: at the moment that tells most about our clock
//! ([`Witness::telling_moment`](crate::witness::Witness::telling_moment)). Once a second until little is left to be told, and every ten seconds then.
//! What becomes of the question is nobody's concern: the health of the node is judged by its probes.

use crate::call::{Budgets, Call};
use crate::node::Node;
use crate::state;
use crate::witness::unix_micros;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two questions, while much is open.
const SEARCHING: Duration = Duration::from_secs(1);
/// Between two questions, when it is known well enough.
const KNOWING: Duration = Duration::from_secs(10);
/// Well enough.
const FINE_MICROS: u64 = 10_000;

/// Keeps an eye on the clocks for ever.
pub(crate) async fn keep_time(budgets: Budgets, node: Arc<Node>) {
    let call = Call::Version;
    loop {
        node.until_usable().await;
        let is_known = node.http.clock_offset().is_some_and(|offset| offset.error_micros <= FINE_MICROS);
        sleep(if is_known { KNOWING } else { SEARCHING }).await;
        let wait = node.http.telling_moment().saturating_sub(unix_micros());
        sleep(Duration::from_micros(wait)).await;
        let deadline = Instant::now() + budgets.of(call).total;
        let _dated = node.http.send(&state::version_request(), deadline).await;
    }
}
