//! A damaged file makes an engine panic now and then (sled at open above all). Here the panic ends and becomes an error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use migrations::DatabaseFile;

use crate::StoreError;

/// Runs engine code. A panic becomes [`StoreError::Damaged`].
///
/// Unwind safety: callers stop the file on any error, so no half-changed state is used afterwards.
pub(crate) fn contained<R>(
    file: DatabaseFile,
    work: impl FnOnce() -> Result<R, StoreError>,
) -> Result<R, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        Err(StoreError::Damaged { file, detail: format!("the engine gave up: {}", text(payload.as_ref())) })
    })
}

fn text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use migrations::DatabaseFile;

    use super::contained;
    use crate::StoreError;

    #[test]
    fn a_panic_of_the_engine_becomes_damage_with_its_words() {
        let answer = contained::<()>(DatabaseFile::Journal, || panic!("segment {} is odd", 7));
        let Err(StoreError::Damaged { file: DatabaseFile::Journal, detail }) = answer else {
            panic!("{answer:?}");
        };
        assert!(detail.contains("segment 7 is odd"), "{detail}");
    }
}
