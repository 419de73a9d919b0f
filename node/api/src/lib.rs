//! HTTP API, metrics, event streams and the operator's page.
