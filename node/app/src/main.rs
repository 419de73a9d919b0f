//! The binary `capstan`.

fn main() -> std::process::ExitCode {
    app::main()
}
