//! The network between nodes in namespaces, as a process: `netswitch PREFIX NODES SEED SOCKET`.
//!
//! Makes the TUN devices PREFIX1 to PREFIXn and listens for commands (`testkit::switch::control`) on the Unix socket, one
//! connection at a time; each line is answered with one line. Ends on `quit`.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use testkit::switch::NodeNumber;
use testkit::switch::control::{Command, parse};
use testkit::switch::router::Router;

/// The longest line that is read.
const MOST_LINE_BYTES: u64 = 4096;

struct Arguments {
    prefix: String,
    nodes: NodeNumber,
    seed: u64,
    socket: PathBuf,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let mut next =
        |name: &str| words.next().ok_or(format!("usage: netswitch PREFIX NODES SEED SOCKET; no {name}"));
    Ok(Arguments {
        prefix: next("prefix")?,
        nodes: NodeNumber::new(next("number of nodes")?.parse()?).ok_or("1 to 250 nodes")?,
        seed: next("seed")?.parse()?,
        socket: next("socket")?.into(),
    })
}

/// Answers the lines of one connection. True when it said `quit`.
fn serve(stream: UnixStream, router: &Router) -> std::io::Result<bool> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if std::io::Read::take(&mut reader, MOST_LINE_BYTES).read_line(&mut line)? == 0 {
            return Ok(false);
        }
        match parse(&line, &router.conditions()) {
            Ok(Command::Change(conditions)) => {
                router.change(conditions);
                writeln!(writer, "ok")?;
            }
            Ok(Command::Stats) => {
                let stats = router.stats();
                writeln!(
                    writer,
                    "delivered={} lost={} cut_off={} overflowed={} unrouted={}",
                    stats.delivered, stats.lost, stats.cut_off, stats.overflowed, stats.unrouted
                )?;
            }
            Ok(Command::Quit) => {
                writeln!(writer, "ok")?;
                return Ok(true);
            }
            Err(error) => writeln!(writer, "error: {error}")?,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { prefix, nodes, seed, socket } = arguments()?;
    let router = Router::start(&prefix, nodes, seed)?;
    let listener = UnixListener::bind(&socket)?;
    for stream in listener.incoming() {
        // A connection that breaks is the end of that connection alone.
        if serve(stream?, &router).unwrap_or(false) {
            break;
        }
    }
    fs::remove_file(socket)?;
    Ok(())
}
