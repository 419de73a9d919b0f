//! Brings a file to the newest schema: one commit per step.

use migrations::{DatabaseFile, Lineage, Step, StepError};

use crate::StoreError;

/// Refuses a file that a newer version wrote.
pub(crate) fn refuse_newer(lineage: &Lineage, schema: u32) -> Result<(), StoreError> {
    if schema > lineage.newest() {
        return Err(StoreError::NewerSchema { file: lineage.file, found: schema, known: lineage.newest() });
    }
    Ok(())
}

/// Dresses the error of a step.
pub(crate) fn step_failed(file: DatabaseFile, step: &'static Step, source: StepError) -> StoreError {
    StoreError::Step { file, number: step.number, name: step.name, source }
}
