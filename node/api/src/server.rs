//! The server: routes, limits, errors.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use outbox::{DutyRecord, Figures};
use serde::Deserialize;
use types::Slot;

use crate::answers::{Duties, Peers, Status};
use crate::metrics;

/// Slots that one question about duties may span.
pub const MAX_SLOTS: u64 = 64;

/// What the node tells. Asked on every request; answers come from memory, or from the journal for older duties.
pub trait NodeView: Send + Sync + 'static {
    /// How the node is.
    fn status(&self) -> impl Future<Output = Status> + Send;

    /// The duties of one slot. May read the disk.
    ///
    /// # Errors
    /// [`ViewError`].
    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError>;

    /// How duties ended and how long their steps took, since the node started.
    fn figures(&self) -> Figures;

    /// The peers.
    fn peers(&self) -> impl Future<Output = Peers> + Send;
}

/// The node could not answer.
#[derive(Debug, thiserror::Error)]
#[error("the duty journal cannot be read: {0}")]
pub struct ViewError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The port is taken, or the address is not ours.
    #[error("cannot listen on {address}: {source}; change `api.listen` or `api.port`")]
    Listen {
        /// The address tried.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The server ended by itself.
    #[error("the HTTP server failed: {0}")]
    Serve(#[source] std::io::Error),
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: tokio::net::TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens; port 0 takes any free one.
    ///
    /// # Errors
    /// [`ServerError::Listen`].
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let fail = |source| ServerError::Listen { address, source };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is done; requests under way are answered first.
    ///
    /// # Errors
    /// [`ServerError::Serve`].
    pub async fn serve<V: NodeView>(
        self,
        view: Arc<V>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        axum::serve(self.listener, routes(view))
            .with_graceful_shutdown(stop)
            .await
            .map_err(ServerError::Serve)
    }
}

fn routes<V: NodeView>(view: Arc<V>) -> Router {
    Router::new()
        .route("/v1/status", get(status::<V>))
        .route("/v1/duties", get(duties::<V>))
        .route("/v1/peers", get(peers::<V>))
        .route("/metrics", get(metrics_text::<V>))
        .fallback(|| async {
            refuse(StatusCode::NOT_FOUND, "there is /v1/status, /v1/duties, /v1/peers and /metrics")
        })
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "everything here is read with GET")
        })
        .with_state(view)
}

fn refuse(code: StatusCode, why: &str) -> Response {
    (code, Json(serde_json::json!({ "error": why }))).into_response()
}

async fn status<V: NodeView>(State(view): State<Arc<V>>) -> Json<Status> {
    Json(view.status().await)
}

async fn peers<V: NodeView>(State(view): State<Arc<V>>) -> Json<Peers> {
    Json(view.peers().await)
}

async fn metrics_text<V: NodeView>(State(view): State<Arc<V>>) -> Response {
    match metrics::text(&view.status().await, view.figures()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written"),
    }
}

/// Both ends belong to the question.
#[derive(Deserialize)]
struct Span {
    from_slot: Option<u64>,
    to_slot: Option<u64>,
}

async fn duties<V: NodeView>(
    State(view): State<Arc<V>>,
    span: Result<Query<Span>, QueryRejection>,
) -> Response {
    let Ok(Query(span)) = span else {
        return refuse(StatusCode::BAD_REQUEST, "from_slot and to_slot are slot numbers, each given once");
    };
    let (Some(from), Some(to)) = (span.from_slot, span.to_slot) else {
        return refuse(StatusCode::BAD_REQUEST, "from_slot and to_slot are needed, both inclusive");
    };
    if from > to {
        return refuse(StatusCode::BAD_REQUEST, "from_slot is after to_slot");
    }
    if to.saturating_sub(from) >= MAX_SLOTS {
        return refuse(
            StatusCode::BAD_REQUEST,
            &format!("at most {MAX_SLOTS} slots a question: ask in parts"),
        );
    }
    let balance = view.status().await.duties;
    let read = move || (from..=to).map(|slot| view.duties(Slot(slot))).collect::<Result<Vec<_>, _>>();
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(slots)) => {
            Json(Duties { duties: slots.into_iter().flatten().collect(), balance }).into_response()
        }
        Ok(Err(error)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "the node is stopping"),
    }
}
