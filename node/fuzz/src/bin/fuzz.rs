//! The targets under libFuzzer: `CAPSTAN_FUZZ_TARGET` names the one to run, the arguments are libFuzzer's. See `scripts/fuzz`.

#![no_main]

use std::sync::OnceLock;

use fuzz::Target;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn target() -> &'static Target {
    let chosen = || std::env::var("CAPSTAN_FUZZ_TARGET").ok().and_then(|name| fuzz::by_name(&name));
    TARGET.get_or_init(|| {
        chosen().unwrap_or_else(|| {
            let names: Vec<_> = fuzz::TARGETS.iter().map(|target| target.name).collect();
            eprintln!("CAPSTAN_FUZZ_TARGET must be one of: {}", names.join(", "));
            std::process::exit(2)
        })
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| (target().run)(data));
